"""Runs the service beside the product: waits for it, follows it, and finds it again when it has moved."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from consumers.decisions import service
from consumers.decisions.settings import Door, Settings, read_door
from subscriber import (
    HttpDoor,
    HttpJournalSource,
    Meters,
    Outbox,
    Runner,
    Service,
    SharedSource,
    Source,
    Store,
    StoreAway,
    Superseded,
    readings,
    versions_of,
)
from subscriber import open_store as open_place
from subscriber.kafka import kafka_source

__all__ = ["ProductAway", "described", "open_store", "run"]

_LOOK_EVERY_S = 0.25
# Rarer: on PostgreSQL each look is a connection.
_LOOK_FOR_A_VERSION_EVERY_S = 2.0


class ProductAway(RuntimeError):
    """The journal is needed, and the product is not running: start it."""


def described(settings: Settings) -> Service:
    """Describe the service to the commands that every service has."""

    def source() -> HttpJournalSource:
        door = read_door(settings.run_file, service=service.NAME)
        if door is None:
            raise ProductAway(f"the product is not running; {settings.run_file} is not there")
        return HttpJournalSource(door.url, door.key, service.STREAMS)

    return Service(
        subscriber=service.subscriber(),
        versions=versions_of(settings.database),
        prepare=service.prepare,
        source=source,
    )


def run(settings: Settings, stop: threading.Event) -> None:
    """Follow the product until told to stop, also before it has started and after it has moved.

    Raises:
        SubscriberError: it cannot go on; the message says what to do.
        WrongRunFile: the product's run file is not of this version.
    """
    with Meters(service.NAME, settings.data / "metrics") as meters:
        while (door := _await_door(settings, stop)) is not None:
            version = versions_of(settings.database).current()
            kafka = "" if settings.kafka is None else f"Kafka at {settings.kafka.bootstrap}, and "
            _say(f"follows {kafka}the journal at {door.url}")
            try:
                with closing(_opened(version)) as store:
                    _Round(door, settings, version).follow(store, stop, meters)
            except Superseded:
                if versions_of(settings.database).current() == version:
                    raise
                _say("goes on with the version that was built anew")


def open_store(settings: Settings) -> Store:
    """Open the version of the service's database that is in use, and make its tables where there are none."""
    return _opened(versions_of(settings.database).current())


def _opened(version: str | Path) -> Store:
    store = open_place(version)
    service.prepare(store)
    return store


def _await_door(settings: Settings, stop: threading.Event) -> Door | None:
    """Wait until the product says where its door is; None: told to stop first."""
    waiting = False
    while not stop.is_set():
        door = read_door(settings.run_file, service=service.NAME)
        if door is not None:
            return door
        if not waiting:
            _say(f"waits for the product: {settings.run_file} is not there yet")
            waiting = True
        stop.wait(_LOOK_EVERY_S)
    return None


class _Round:
    """The time in which the door is in one place, and one version of the database in use."""

    def __init__(self, door: Door, settings: Settings, version: str | Path) -> None:
        self._door, self._settings, self._version = door, settings, version
        self._looked_s = time.monotonic()

    def follow(self, store: Store, stop: threading.Event, meters: Meters) -> None:
        """Follow until told to stop, or until the round is over."""
        over = threading.Event()
        threading.Thread(target=_watch, args=(self._goes_on, stop, over), daemon=True).start()
        outbox = Outbox(store, HttpDoor(self._door.url, self._door.key), source=service.NAME)
        runner = Runner([service.subscriber()], self._source(), store, outbox)
        meters.read("subscribers", lambda: readings(runner.reports(), datetime.now(UTC)))
        runner.run(over)

    def _source(self) -> Source | SharedSource:
        """Read from Kafka where there is one, and through the door for history and while Kafka is away."""
        journal = HttpJournalSource(self._door.url, self._door.key, service.STREAMS)
        kafka, host = self._settings.kafka, socket.gethostname()
        if kafka is None:
            return journal
        return kafka_source(kafka, service.NAME, service.STREAMS, journal, instance=host)

    def _goes_on(self) -> bool:
        if read_door(self._settings.run_file, service=service.NAME) not in {self._door, None}:
            return False
        if time.monotonic() - self._looked_s < _LOOK_FOR_A_VERSION_EVERY_S:
            return True
        self._looked_s = time.monotonic()
        try:
            return versions_of(self._settings.database).current() == self._version
        except StoreAway:
            return True


def _watch(goes_on: Callable[[], bool], stop: threading.Event, over: threading.Event) -> None:
    """End the round when the service is to stop, its door has moved, or its database was built anew."""
    try:
        while not stop.wait(_LOOK_EVERY_S) and goes_on():
            pass
    finally:
        over.set()


def _say(line: str) -> None:
    print(f"{service.NAME}: {line}", file=sys.stderr, flush=True)
