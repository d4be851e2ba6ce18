"""A journal in memory: what a service reads from, and says its own events to."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from google.protobuf.message import Message

from protocol.catalogue import stream_of
from protocol.envelope import Event, from_record, to_record
from protocol.ids import from_us
from protocol.schemas.journal_v1_pb2 import Record
from subscriber import Batch, InlinePool, Lineage, Outbox, Runner, WorkPool
from subscriber.serving import ServiceSettings, ServiceSpec, open_rows

__all__ = ["MemoryJournal", "Service"]

EPOCH = "0badcafe"


class MemoryJournal:
    """Dense positions, no event twice; a source for services and the way home for what they say."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.records: list[Record] = []
        self.append([to_record(event) for event in events])

    def append(self, records: Sequence[Record]) -> None:
        """Take records at the end; one that is here already is not taken again."""
        here = {record.id for record in self.records}
        for record in records:
            if record.id not in here:
                self.records.append(self._placed(record))

    def require_coordinator(self) -> None:
        """Take everything: this journal is its own coordinator."""

    def _placed(self, record: Record) -> Record:
        placed = Record()
        placed.CopyFrom(record)
        placed.position, placed.epoch = len(self.records) + 1, EPOCH
        placed.sequenced_at_us = record.sequenced_at_us or record.recorded_at_us
        placed.stream = stream_of(record.type).name
        return placed

    def read(self, after: int, limit: int) -> Batch:
        """Give events after a position."""
        through = min(len(self.records), after + limit)
        return Batch(EPOCH, tuple(self.records[after:through]), through, len(self.records))

    def recall(self, position: int) -> Record | None:
        """Give one event."""
        return self.records[position - 1] if position <= len(self.records) else None

    def lineage(self) -> Lineage:
        """Tell that there is one epoch."""
        return Lineage(((1, EPOCH),))

    def news(self) -> bool:
        """Tell whether another read may give more."""
        return False

    def close(self) -> None:
        """There is nothing to let go of."""

    def said(self, subject: str, stream: str) -> list[Message]:
        """List what a stream says of a subject."""
        events = (from_record(r) for r in self.records if (r.subject, r.stream) == (subject, stream))
        return [event.message for event in events]


class Service:
    """A service on a file of its own, as it runs, its clock under the test's hand."""

    def __init__(
        self,
        spec: ServiceSpec,
        folder: Path,
        journal: MemoryJournal,
        *,
        clock_us: int,
        pool: WorkPool | None = None,
    ) -> None:
        settings = ServiceSettings(spec.name, folder)
        self.store = open_rows(spec, settings)
        self.clock_us = clock_us
        outbox = Outbox(self.store, journal, source=spec.name)
        subscribers = [spec.build(settings)]
        self.runner = Runner(
            subscribers,
            journal,
            self.store,
            outbox,
            pool=pool or InlinePool(),
            clock=lambda: from_us(self.clock_us),
        )

    def settle(self, *, within_s: float = 10) -> None:
        """Run until nothing is left to do and everything said has come home; then let go of the file."""
        until_s = time.monotonic() + within_s
        while self.runner.step() or self._waits():
            assert time.monotonic() < until_s, "the service does not come to rest"
            time.sleep(0.001)

    def _waits(self) -> bool:
        return bool(self.store.execute("SELECT 1 FROM subscriber_outbox"))
