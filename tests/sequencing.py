"""Positions for tests: on SQLite every event has one at once; on PostgreSQL somebody has to give it.

Rooms' suites use `Prompt`: whoever looks at the journal has first placed what was said, in the same
transaction, at the moment the event was recorded. The contract suite and the complaints run the sequencer
itself beside them (`sequencer`), and wait for it (`settled`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db import connections, transaction

from events.database import DATABASE, Tip
from events.database.connecting import conninfo
from events.database.postgres import PostgresJournal
from events.database.sequencing import move
from events.journal import Draft, record
from events.sequencer import Sequencer
from tests.events.makers import NOW

__all__ = ["Prompt", "on_postgres", "say", "sequencer", "settled"]

_WITHIN_S = 10.0


def on_postgres() -> bool:
    """Tell which database this run is on."""
    return bool(connections[DATABASE].vendor == "postgresql")


class Prompt(PostgresJournal):
    """PostgreSQL with nobody but the readers to give positions."""

    def tip(self) -> Tip:
        """Place what waits, then read the end."""
        self._place_all()
        return super().tip()

    def settle(self) -> None:
        """Place what waits, and keep writers out."""
        self._place_all()
        super().settle()

    def _place_all(self) -> None:
        with transaction.atomic(using=DATABASE), connections[DATABASE].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(1)")
            cursor.execute("SELECT max(recorded_at_us) FROM journal_outbox")
            (recorded_us,) = cursor.fetchone()
            if recorded_us is not None:
                move(connections[DATABASE].connection, limit=1 << 30, now_us=recorded_us)


@contextmanager
def sequencer() -> Iterator[None]:
    """Run the sequencer in a thread, where one is needed."""
    if not on_postgres():
        yield
        return
    stop, address = threading.Event(), conninfo(DATABASE)
    thread = threading.Thread(target=lambda: Sequencer(address).run(stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def settled() -> None:
    """Wait until every committed event has its position."""
    until_s = time.monotonic() + _WITHIN_S
    while on_postgres() and _waiting():
        assert time.monotonic() < until_s, f"{_waiting()} events still have no position"
        time.sleep(0.002)


def say(drafts: Sequence[Draft], *, now: datetime = NOW) -> None:
    """Record events, and wait until each has its position."""
    record(drafts, now=now)
    settled()


def _waiting() -> int:
    with connections[DATABASE].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM journal_outbox")
        return int(cursor.fetchone()[0])
