"""A service in small on a database of its own: what it says comes home, what it does outside is counted."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta

from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as v
from protocol.schemas.journal_v1_pb2 import Record
from subscriber import (
    Batch,
    Context,
    Handler,
    Lineage,
    Mode,
    Outbox,
    Runner,
    Store,
    Subscriber,
    Timer,
    open_store,
    versions_of,
)
from subscriber.rebuild import Service
from tests.subscriber.makers import START, Journal, says, seen_table

__all__ = ["House"]

TABLES = ("seen", "subscriber_timer", "subscriber_dead_letter")


class Home:
    """Where a service's events come home to; away until a test opens it."""

    def __init__(self) -> None:
        self.said: dict[bytes, str] = {}

    def append(self, records: Sequence[Record]) -> None:
        """Take records; one taken before changes nothing."""
        self.said.update({record.id: record.subject for record in records})

    def require_coordinator(self) -> None:
        """Take everything: nothing here is coordinated."""


class House:
    """A journal, a service whose database begins at a place, and what it has done outside."""

    def __init__(self, place: str) -> None:
        self.journal = Journal()
        self.home = Home()
        self.called: list[str] = []
        self.bad: set[str] = set()
        self.versions = versions_of(place)
        self.service = Service(
            subscriber=self.subscriber(), versions=self.versions, prepare=self.prepare, source=self.source
        )
        self.while_reading: Callable[[], None] = lambda: None

    def subscriber(self) -> Subscriber:
        followed = (
            Handler((v.CaseSubmitted,), self._project),
            Handler((v.CaseWithdrawn,), self._react, mode=Mode.REACT),
        )
        return Subscriber("s", ("verification.case",), followed, on_timer=self._ring)

    @property
    def version(self) -> int:
        """The number of the version in use, as its file's or schema's name has it."""
        named = re.search(r"(?:\.v|search_path%3Dv)(\d+)", str(self.versions.current()))
        return int(named[1]) if named else 1

    def open(self) -> Store:
        """Open the version in use."""
        return open_store(self.versions.current())

    def prepare(self, store: Store) -> None:
        seen_table(store)

    def source(self) -> House:
        return self

    def read(self, after: int, limit: int) -> Batch:
        self.while_reading()
        return self.journal.read(after, min(limit, 20))

    def recall(self, position: int) -> Record | None:
        return self.journal.recall(position)

    def lineage(self) -> Lineage:
        return self.journal.lineage()

    def news(self) -> bool:
        return False

    def close(self) -> None:
        """Hold nothing."""

    @contextmanager
    def live(self) -> Iterator[Callable[[], None]]:
        """Run the live version in hand: a call steps it until nothing is left."""
        with closing(self.open()) as store:
            self.prepare(store)
            outbox = Outbox(store, self.home, source="s")
            runner = Runner(
                [self.subscriber()], self.journal, store, outbox, clock=lambda: START + timedelta(days=1)
            )

            def settle() -> None:
                quiet = 0
                while quiet < 60:
                    quiet = 0 if runner.step() else quiet + 1
                    threading.Event().wait(0.003 if quiet else 0)

            yield settle

    def rows(self, table: str) -> list[tuple[object, ...]]:
        last = -1 if table == "subscriber_dead_letter" else None  # When it died.
        with closing(self.open()) as store:
            return sorted(tuple(row[:last]) for row in store.execute(f"SELECT * FROM {table}"))

    def fingerprint(self) -> str:
        """Hash everything that the handlers and the runtime made of the journal."""
        return hashlib.sha256(repr([self.rows(table) for table in TABLES]).encode()).hexdigest()

    def _project(self, event: Event, value: object, ctx: Context) -> None:
        says(event, value, ctx)
        ctx.remind(ctx.moment + timedelta(milliseconds=1500), "soon", event.envelope.subject)
        ctx.remind(ctx.moment + timedelta(days=30), "later", event.envelope.subject)
        if event.envelope.subject in self.bad:
            raise ValueError

    def _react(self, event: Event, _value: object, _ctx: Context) -> None:
        if event.envelope.subject in self.bad:
            raise ValueError
        self.called.append(event.envelope.subject)

    def _ring(self, timer: Timer, ctx: Context) -> None:
        ctx.execute("INSERT INTO seen (subject, position, what) VALUES (?, 0, 'timer')", (timer.key,))
        ctx.emit(v.DeadlinePassed(), subject=timer.key, client="cl_1")
