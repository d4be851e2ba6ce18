"""A journal in memory, a clock that is set by hand, and subscribers that write down what they see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from google.protobuf.message import Message

from protocol.catalogue import type_name
from protocol.envelope import Event, stream_for
from protocol.ids import caused_id, to_us
from protocol.schemas import verification_v1_pb2 as v
from protocol.schemas.journal_v1_pb2 import Record
from subscriber import (
    Batch,
    Context,
    Emission,
    Handler,
    InlinePool,
    Lineage,
    Runner,
    SqliteStore,
    Store,
    Subscriber,
)
from subscriber.errors import SourceAway
from subscriber.pool import WorkPool

__all__ = ["START", "Bench", "Journal", "Said", "says", "seen_table"]

START = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Journal:
    """A journal in memory: a `Source` whose events a test writes, one second apart."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.epoch = "aaaaaaaa"
        self.start = START
        self.forgotten = 0
        self.away = False
        self.reads: list[int] = []
        self.epochs = Lineage(((1, self.epoch),))

    def write(self, message: Message, subject: str = "case-1", *, at: datetime | None = None) -> Record:
        """Append an event."""
        position = self.forgotten + len(self.records) + 1
        at_us = to_us(at or self.start + timedelta(seconds=position))
        record = Record(
            id=caused_id(UUID(int=position), self.epoch, 0).bytes,
            type=type_name(message),
            subject=subject,
            partition_key=subject,
            client="cl_1",
            epoch=self.epoch,
            position=position,
            keyseq=position,
            stream=stream_for(message),
            sequenced_at_us=at_us,
            recorded_at_us=at_us,
            occurred_at_us=at_us,
            payload=message.SerializeToString(),
        )
        self.records.append(record)
        return record

    def submit(self, *subjects: str) -> None:
        """Append a CaseSubmitted for each subject."""
        for subject in subjects:
            self.write(v.CaseSubmitted(by="client"), subject)

    def forget(self) -> None:
        """Hold what was written no longer, for tests that write much; it cannot be read again."""
        self.forgotten += len(self.records)
        self.records.clear()

    def read(self, after: int, limit: int) -> Batch:
        """Give events; see `Source`."""
        if self.away:
            raise SourceAway("away, as the test says")
        self.reads.append(after)
        start = max(0, after - self.forgotten)
        rows = tuple(self.records[start : start + limit])
        end = self.forgotten + len(self.records)
        through = min(end, max(after, self.forgotten) + len(rows)) if after <= end else after
        return Batch(self.epoch, rows, through, end, self.epochs)

    def recall(self, position: int) -> Record | None:
        """Give one event; see `Source`."""
        if self.away or position <= self.forgotten:
            raise SourceAway("away, as the test says")
        index = position - self.forgotten - 1
        return self.records[index] if index < len(self.records) else None

    def lineage(self) -> Lineage:
        """Tell where the epochs begin; see `Source`."""
        if self.away:
            raise SourceAway("away, as the test says")
        return self.epochs

    def restore(self, position: int, epoch: str) -> None:
        """Be put back from a back-up of that position; a new epoch, unless it is the same again."""
        del self.records[position - self.forgotten :]
        if epoch != self.epoch:
            self.epochs = Lineage((*self.epochs.starts, (position + 1, epoch)))
        self.epoch = epoch

    def news(self) -> bool:
        """Never tell: tests step by hand."""
        return False

    def close(self) -> None:
        """Hold nothing."""


class Said:
    """An emitter that writes into the subscriber's own store, so that a rollback takes it back."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        store.execute("CREATE TABLE IF NOT EXISTS said (id TEXT PRIMARY KEY, subject TEXT, what TEXT)")

    def emit(self, emissions: Sequence[Emission], *, now: datetime) -> None:
        """Keep emissions; the same id twice is an error, which would be a doubled effect."""
        for one in emissions:
            self._store.execute(
                "INSERT INTO said VALUES (?, ?, ?)", (str(one.id), one.subject, type_name(one.message))
            )

    def carry(self, bell: object) -> bool:
        """Carry nothing."""
        return False


def seen_table(store: Store) -> None:
    """Make the table that handlers write to."""
    store.execute(
        "CREATE TABLE IF NOT EXISTS seen (number INTEGER PRIMARY KEY, subject TEXT, position INT, what TEXT)"
    )


def says(event: Event, value: object, ctx: Context) -> None:
    """Write down the event, and say something of it."""
    e = event.envelope
    ctx.execute(
        "INSERT INTO seen (subject, position, what) VALUES (?, ?, ?)", (e.subject, e.position, str(value))
    )
    ctx.emit(v.ReviewRequested(by="client"), subject=e.subject, client=e.client)


class Bench:
    """A store in a folder, a journal in memory, and runners that come and go on them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "store.sqlite3"
        self.journal = Journal()
        self.now = START + timedelta(hours=1)
        self.store = SqliteStore(self.path)
        seen_table(self.store)
        self.emitter = Said(self.store)

    def subscriber(self, *handlers: Handler, **options: object) -> Subscriber:
        """Declare a follower of cases."""
        wanted = handlers or (Handler((v.CaseSubmitted,), says),)
        return Subscriber("s", ("verification.case", "verification.partial"), wanted, **options)  # type: ignore[arg-type]  # as the test gives them

    def runner(self, *subscribers: Subscriber, pool: WorkPool | None = None) -> Runner:
        """Start a runner, as a new process would."""
        return Runner(
            subscribers or (self.subscriber(),),
            self.journal,
            self.store,
            self.emitter,
            pool=pool or InlinePool(),
            clock=lambda: self.now,
        )

    def seen(self) -> list[tuple[object, ...]]:
        """What handlers wrote, in order: (subject, position)."""
        return [tuple(r) for r in self.store.execute("SELECT subject, position FROM seen ORDER BY number")]

    def positions(self) -> list[object]:
        """The positions that handlers saw, in order."""
        return [position for _, position in self.seen()]

    def said(self) -> int:
        """How many different events were said."""
        return len(self.store.execute("SELECT id FROM said"))

    def letters(self) -> list[tuple[object, ...]]:
        """Dead letters: (position, key, reason, attempts)."""
        sql = "SELECT position, key, reason, attempts FROM subscriber_dead_letter ORDER BY position"
        return [tuple(row) for row in self.store.execute(sql)]

    def floor(self) -> object:
        """The checkpoint's floor."""
        return self.store.execute("SELECT floor FROM subscriber_checkpoint")[0][0]
