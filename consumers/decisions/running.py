"""Runs the service beside the product: waits for it, follows it, and finds it again when it has moved."""

from __future__ import annotations

import sys
import threading
from contextlib import closing

from consumers.decisions import service
from consumers.decisions.settings import Door, Settings, read_door
from subscriber import HttpDoor, HttpJournalSource, Outbox, Runner, SqliteStore

__all__ = ["open_store", "run"]

_LOOK_EVERY_S = 0.25


def run(settings: Settings, stop: threading.Event) -> None:
    """Follow the product until told to stop, also before it has started and after it has moved.

    Raises:
        SubscriberError: it cannot go on; the message says what to do.
        WrongRunFile: the product's run file is not of this version.
    """
    with closing(open_store(settings)) as store:
        while (door := _await_door(settings, stop)) is not None:
            _say(f"follows the journal at {door.url}")
            _follow(door, settings, store, stop)


def open_store(settings: Settings) -> SqliteStore:
    """Open the service's own database, and make its tables where there are none."""
    store = SqliteStore(settings.database)
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


def _follow(door: Door, settings: Settings, store: SqliteStore, stop: threading.Event) -> None:
    """Follow one door until told to stop, or until the product says that it is elsewhere."""
    over = threading.Event()
    watch = threading.Thread(target=_watch, args=(door, settings, stop, over), daemon=True)
    watch.start()
    source = HttpJournalSource(door.url, door.key, service.STREAMS)
    outbox = Outbox(store, HttpDoor(door.url, door.key), source=service.NAME)
    Runner([service.subscriber()], source, store, outbox).run(over)


def _watch(door: Door, settings: Settings, stop: threading.Event, over: threading.Event) -> None:
    """End the round when the service is to stop, or its door has moved."""
    try:
        while not stop.wait(_LOOK_EVERY_S) and _still_there(door, settings):
            pass
    finally:
        over.set()


def _still_there(door: Door, settings: Settings) -> bool:
    return read_door(settings.run_file, service=service.NAME) in {door, None}


def _say(line: str) -> None:
    print(f"{service.NAME}: {line}", file=sys.stderr, flush=True)
