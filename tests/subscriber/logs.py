"""A log of partitions in memory: a test carries the journal into it, deals out, cuts the line, trims."""

from __future__ import annotations

from collections.abc import Mapping, Set

from protocol.schemas.journal_v1_pb2 import Record
from subscriber.errors import SourceAway
from subscriber.log import Found, Pull
from subscriber.partitions import Partition, partition_of, partitions_of
from subscriber.source import Place, Stray
from tests.subscriber.makers import Journal

__all__ = ["MemoryLog"]


class MemoryLog:
    """A `Log`: offsets count from 0 in each partition; `first` is the first one that is still kept."""

    def __init__(self, journal: Journal, streams: tuple[str, ...]) -> None:
        self.streams = streams
        self.journal = journal
        self.away = False
        self.trouble = ""
        self.generation = 0
        self.owned: frozenset[Partition] = frozenset()
        # `None` is the mark at a transaction's end: it takes an offset, and no reader sees it.
        self.kept: dict[Partition, list[Record | Stray | None]] = {p: [] for p in partitions_of(streams)}
        self.first: dict[Partition, int] = dict.fromkeys(self.kept, 0)
        self.starts: list[dict[Partition, int]] = []
        self._next: dict[Partition, int] = {}
        self._carried = 0
        self._highest = Place()

    def carry(self, count: int = 1 << 30, *, repeat: int = 0) -> None:
        """Carry events on from the journal as the relay does; the last `repeat` carried ones come again."""
        start = max(0, self._carried - repeat)
        batch = self.journal.records[start : self._carried + count]
        for record in batch:
            if record.stream in self.streams:
                self.kept[partition_of(record)].append(record)
        self._carried = start + len(batch)

    def carry_from(self, position: int) -> None:
        """Carry the journal again from a position on, as the relay does after a restore."""
        self._carried = position
        self.carry()

    def deal(self, *numbers: int) -> None:
        """Give this process the partitions with these numbers, or all."""
        self.generation += 1
        self.owned = frozenset(p for p in self.kept if not numbers or p.number in numbers)
        self._next = {}

    def take_away(self) -> None:
        """Take every partition from this process."""
        self.generation += 1
        self.owned, self._next = frozenset(), {}

    def trim(self) -> None:
        """Keep nothing of what lies in the log now."""
        self.first = {partition: len(records) for partition, records in self.kept.items()}

    def mark(self) -> None:
        """Write a transaction's end into every partition."""
        for records in self.kept.values():
            records.append(None)

    def replace(self, after: int) -> None:
        """Be another cluster: what lies in it begins after a position, and offsets begin at 0 again."""
        self.kept = {p: [] for p in self.kept}
        self.first = dict.fromkeys(self.kept, 0)
        self._next, self._carried = {}, after

    def pull(self, limit: int) -> Pull:
        """See `Log`."""
        if self.away or not limit:
            return Pull()
        lost = {p for p, at in self._next.items() if at < self.first[p]}
        if lost:
            return Pull(lost=frozenset(lost))
        found: list[Record | Stray | None] = []
        for partition, at in sorted(self._next.items()):
            wanted = self.kept[partition][at : at + limit - len(found)]
            self._next[partition] = at + len(wanted)
            found += wanted
        records = tuple(one for one in found if isinstance(one, Record))
        self._highest = max(
            [self._highest, *(Place(r.position, r.sequenced_at_us) for r in records)], key=_place
        )
        live = all(at == len(self.kept[p]) for p, at in self._next.items())
        return Pull(
            records=records,
            strays=tuple(one for one in found if isinstance(one, Stray)),
            passed=self._highest if live else Place(),
            live=live,
        )

    @property
    def unread(self) -> int:
        """See `Lagging`."""
        return sum(len(self.kept[partition]) - at for partition, at in self._next.items())

    def silent_s(self) -> float:
        """See `Log`."""
        return 100.0 if self.away else 0.0

    def find(self, places: Mapping[Partition, Place]) -> Found | None:
        """See `Log`: by time alone, to the microsecond, so that nothing is hidden by a margin."""
        self._answer()
        if any(place.time_us == 0 for place in places.values()):
            return None
        if any(0 < self.first[p] == len(self.kept[p]) for p in places):
            return None
        offsets = {partition: self._after(partition, place) for partition, place in places.items()}
        return Found(offsets, {p for p, offset in offsets.items() if 0 < offset == self.first[p]})

    def ends(self, partitions: Set[Partition]) -> dict[Partition, int]:
        """See `Log`."""
        self._answer()
        return {partition: len(self.kept[partition]) for partition in partitions}

    def start(self, offsets: Mapping[Partition, int]) -> None:
        """See `Log`."""
        self._next = {p: offset for p, offset in offsets.items() if p in self.owned}
        self.starts.append(dict(self._next))

    def news(self) -> bool:
        """Never tell: tests step by hand."""
        return False

    def close(self) -> None:
        """Hold nothing."""

    def _answer(self) -> None:
        if self.away:
            raise SourceAway("away, as the test says")

    def _after(self, partition: Partition, place: Place) -> int:
        records, first = self.kept[partition], self.first[partition]
        for offset in range(first, len(records)):
            record = records[offset]
            if record is None or (isinstance(record, Record) and record.sequenced_at_us >= place.time_us):
                return offset
        return len(records)


def _place(place: Place) -> int:
    return place.position
