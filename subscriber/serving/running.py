"""Runs a service beside the product: waits for it, follows it, and finds it again when it has moved."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from typing import Final

from subscriber.errors import StoreAway, Superseded
from subscriber.http import HttpJournalSource
from subscriber.metering import Meters
from subscriber.opening import open_store, versions_of
from subscriber.outbox import Outbox
from subscriber.pool import InlinePool, ThreadPool
from subscriber.rebuild import Service
from subscriber.reports import readings
from subscriber.runner import Runner
from subscriber.serving.settings import Door, ProductAway, ServiceSettings
from subscriber.serving.spec import ServiceSpec
from subscriber.serving.ways import Outside, Way
from subscriber.store import Store

__all__ = ["described", "open_current", "open_rows", "run"]

_LOOK_EVERY_S: Final = 0.25
# Rarer: on PostgreSQL each look is a connection.
_LOOK_FOR_A_VERSION_EVERY_S: Final = 2.0


def described(spec: ServiceSpec, settings: ServiceSettings) -> Service:
    """Describe a service to the commands that every service has."""

    def source() -> HttpJournalSource:
        door = settings.door()
        return HttpJournalSource(door.url, door.key, spec.streams)

    return Service(
        subscriber=spec.build(settings),
        versions=versions_of(settings.database),
        prepare=spec.prepare,
        source=source,
    )


def run(spec: ServiceSpec, settings: ServiceSettings, stop: threading.Event, way: Way | None = None) -> None:
    """Follow the product until told to stop, also before it has started and after it has moved.

    Args:
        spec: the service.
        settings: its own.
        stop: set when it is time to end.
        way: how it reaches the journal; None: as a process beside the product does.

    Raises:
        SubscriberError: it cannot go on; the message says what to do.
    """
    way = way or Outside(spec, settings)
    with Meters(spec.name, settings.data / "metrics") as meters:
        while (door := _await_door(settings, stop)) is not None:
            version = versions_of(settings.database).current()
            _say(settings, f"follows {way.said} at {door.url}")
            try:
                with closing(_opened(spec, str(version))) as store:
                    _Round(spec, settings, door, str(version), way).follow(store, stop, meters)
            except Superseded:
                if str(versions_of(settings.database).current()) == str(version):
                    raise
                _say(settings, "goes on with the version that was built anew")


def open_rows(spec: ServiceSpec, settings: ServiceSettings) -> Store:
    """Open the version of the service's database that is in use, and make its tables where there are none."""
    store = open_current(settings)
    spec.prepare(store)
    return store


def open_current(settings: ServiceSettings) -> Store:
    """Open the version of a service's database that is in use, as it is."""
    return open_store(str(versions_of(settings.database).current()))


def _opened(spec: ServiceSpec, version: str) -> Store:
    store = open_store(version)
    spec.prepare(store)
    return store


def _await_door(settings: ServiceSettings, stop: threading.Event) -> Door | None:
    """Wait until the product says where its door is; None: told to stop first."""
    waiting = False
    while not stop.is_set():
        try:
            return settings.door()
        except ProductAway:
            if not waiting:
                _say(settings, f"waits for the product: {settings.run_file} is not there yet")
            waiting = True
        stop.wait(_LOOK_EVERY_S)
    return None


class _Round:
    """The time in which the door is in one place, and one version of the database in use."""

    def __init__(
        self, spec: ServiceSpec, settings: ServiceSettings, door: Door, version: str, way: Way
    ) -> None:
        self._spec, self._settings, self._door, self._version = spec, settings, door, version
        self._way = way
        self._looked_s = time.monotonic()

    def follow(self, store: Store, stop: threading.Event, meters: Meters) -> None:
        """Follow until told to stop, or until the round is over."""
        over = threading.Event()
        threading.Thread(target=_watch, args=(self._goes_on, stop, over), daemon=True).start()
        with ExitStack() as closes:
            home = closes.enter_context(closing(self._way.home(self._door)))
            outbox = closes.enter_context(closing(Outbox(store, home, source=self._spec.name)))
            subscriber = self._spec.build(self._settings)
            closes.callback(subscriber.close)
            pool = closes.enter_context(closing(self._pool()))
            source = self._way.source(self._door, subscriber)
            runner = Runner([subscriber], source, store, outbox, pool=pool)
            meters.read("subscribers", lambda: readings(runner.reports(), datetime.now(UTC)))
            self._run(runner, over)

    def _pool(self) -> ThreadPool | InlinePool:
        return ThreadPool(self._spec.threads) if self._spec.threads else InlinePool()

    def _run(self, runner: Runner, over: threading.Event) -> None:
        with ThreadPoolExecutor(1, thread_name_prefix="beside") as thread:
            beside = thread.submit(self._beside, over)
            try:
                runner.run(over)
            finally:
                over.set()
        # What went wrong there ends the process, aloud.
        beside.result()

    def _beside(self, over: threading.Event) -> None:
        if self._spec.beside is None:
            return
        try:
            self._spec.beside(self._settings, self._version, over)
        finally:
            over.set()

    def _goes_on(self) -> bool:
        try:
            if self._settings.door() != self._door:
                return False
        except ProductAway:
            # It starts again, most likely in the same place.
            return True
        if time.monotonic() - self._looked_s < _LOOK_FOR_A_VERSION_EVERY_S:
            return True
        self._looked_s = time.monotonic()
        try:
            return str(versions_of(self._settings.database).current()) == self._version
        except StoreAway:
            return True


def _watch(goes_on: Callable[[], bool], stop: threading.Event, over: threading.Event) -> None:
    """End the round when the service is to stop, its door has moved, or its database was built anew."""
    try:
        while not (stop.wait(_LOOK_EVERY_S) or over.is_set()) and goes_on():
            pass
    finally:
        over.set()


def _say(settings: ServiceSettings, line: str) -> None:
    print(f"{settings.name}: {line}", file=sys.stderr, flush=True)
