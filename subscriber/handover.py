"""Reads a log where it reaches back far enough and answers, and the journal where not; no gap, nothing twice.

The journal is whole and the log is carried from it. So: note where the log ends, read the journal to a head
asked for after that, then read the log from where it ended. Whatever lies before those ends was in the
journal by then; what lies behind them and was read already is left out by its position.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from protocol.records import Recorded
from subscriber.errors import SourceAway
from subscriber.lineage import NO_LINEAGE, Lineage
from subscriber.log import Log, Pull
from subscriber.partitions import Partition, partition_of, partitions_of
from subscriber.source import NOWHERE, Batch, Lagging, Place, Portion, Remembering, Source, Stray, Wanted

__all__ = ["HandOverSource"]

# DESIGN §9: after so long without the log, services read from the journal.
_AWAY_AFTER_S: Final = 5.0
_logger: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class _Crossing:
    """The way from the journal to the log: the log's ends, and the journal's head asked for after them."""

    ends: Mapping[Partition, int] | None = None
    until: int | None = None


class HandOverSource:
    """A `SharedSource` of two: a `Log`, and a `Source` on the journal for history and while the log is away.

    When the log does not answer, the partitions that this process had stay its own; one that never had any
    takes all. Turns in the subscriber's database keep that right whoever else does the same.
    """

    def __init__(self, log: Log, journal: Source, *, away_after_s: float = _AWAY_AFTER_S) -> None:
        self.streams = log.streams
        self._log = log
        self._journal = journal
        self._away_after_s = away_after_s
        self._generation, self._dealt = 0, 0
        self._owned: frozenset[Partition] = frozenset()
        self._crossing: _Crossing | None = None
        self._settled = False
        self._unproven: set[Partition] = set()
        self._strays: list[Stray] = []
        self._left = 0
        # What a restore took from the journal lies in the log for ever, up to this position.
        self._lineage, self._gone_to = NO_LINEAGE, 0

    @property
    def by_log(self) -> bool:
        """Whether events come from the log now, and not from the journal."""
        return self._settled and self._crossing is None

    @property
    def unread(self) -> int:
        """See `Lagging`: on the log what it says, on the journal the positions up to its head."""
        if not self.by_log:
            return self._left
        return self._log.unread if isinstance(self._log, Lagging) else 0

    def share(self, wanted: Wanted) -> Portion:
        """Give what there is; see `SharedSource`."""
        pull = self._log.pull(wanted.limit if self.by_log else 0)
        self._strays += pull.strays
        self._deal()
        if wanted.generation != self._generation:
            return self._portion()
        if not wanted.places:
            return self._portion(live=True)
        if self._settled is False:
            self._settle(wanted.places)
        elif self.by_log and self._is_away():
            self._turn_to_journal(f"the log is silent, {self._log.trouble or 'and nobody says why'}")
        elif self.by_log and not self._trusted(pull, wanted):
            self._turn_to_journal("the log does not go on where this reader stands")
        elif self.by_log:
            return self._from_log(pull, wanted)
        if self._crossing is not None:
            return self._from_journal(wanted, self._crossing)
        return self._portion()

    def recall(self, position: int) -> Recorded | None:
        """See `SharedSource`."""
        return self._journal.recall(position)

    def lineage(self) -> Lineage:
        """See `SharedSource`."""
        return self._journal.lineage()

    def news(self) -> bool:
        """See `SharedSource`."""
        return self._log.news() or (self._crossing is not None and self._journal.news())

    def close(self) -> None:
        """See `SharedSource`."""
        self._log.close()
        self._journal.close()

    def _is_away(self) -> bool:
        return self._log.silent_s() > self._away_after_s

    def _deal(self) -> None:
        """Take note of what was dealt out; what a silent log takes away, it cannot give to anybody else."""
        away = self._is_away()
        if self._log.generation != self._dealt and (self._log.owned or not away):
            self._dealt = self._log.generation
            self._own(self._log.owned)
        elif away and not self._owned:
            self._own(partitions_of(self.streams))

    def _own(self, partitions: frozenset[Partition]) -> None:
        self._generation += 1
        self._owned, self._settled, self._crossing = partitions, False, None

    def _settle(self, places: Mapping[Partition, Place]) -> None:
        """Decide where to read new partitions from: from the log where it can tell, else from the journal."""
        found = None if self._is_away() else self._log.find(places)
        self._settled = True
        if found is None:
            self._turn_to_journal("the log is away or does not reach back to where this reader stands")
            return
        self._unproven = set(found.unproven)
        try:
            self._lineage = self._journal.lineage()
        except SourceAway:
            # Then the log is read as it is; what does not belong is found at its first event of a new epoch.
            self._lineage = NO_LINEAGE
        self._log.start(found.offsets)

    def _turn_to_journal(self, why: str) -> None:
        self._crossing = _Crossing()
        _logger.info("reads from the journal: %s", why)

    def _trusted(self, pull: Pull, wanted: Wanted) -> bool:
        """Tell whether the log goes on where the places end, in the same epoch; if not, the journal does."""
        epochs = {record.epoch for record in pull.records} | wanted.epochs
        if pull.lost or len(epochs) > 1:
            return False
        firsts: dict[Partition, Recorded] = {}
        for record in pull.records:
            firsts.setdefault(partition_of(record), record)
        for partition in self._unproven & firsts.keys():
            if firsts[partition].position > wanted.places.get(partition, NOWHERE).position:
                return False
            self._unproven.discard(partition)
        # Read to its end without an event: it keeps only marks of transactions, and what they ended is gone.
        at_its_end = pull.live or pull.passed.position > 0
        return not (self._unproven and at_its_end)

    def _from_log(self, pull: Pull, wanted: Wanted) -> Portion:
        here = [record for record in pull.records if not self._lineage.lost(record.epoch, record.position)]
        gone = len(pull.records) - len(here)
        if gone:
            self._gone_to = max(self._gone_to, *(record.position for record in pull.records))
        records, repeated = _beyond(wanted.places, here)
        # Until there are later events, the log's own end may be one that the journal does not have.
        known = pull.passed.position > self._gone_to or not self._gone_to
        return self._portion(
            epoch=records[0].epoch if records else "",
            records=records,
            reached=dict.fromkeys(wanted.places, pull.passed) if known else {},
            live=pull.live,
            repeated=repeated,
            gone=gone,
        )

    def _from_journal(self, wanted: Wanted, crossing: _Crossing) -> Portion:
        self._note_ends(wanted, crossing)
        least = min(place.position for place in wanted.places.values())
        if not wanted.limit:
            return self._portion()
        batch = self._journal.read(least, wanted.limit)
        if crossing.ends is not None:
            crossing.until = batch.head if crossing.until is None else crossing.until
            if batch.through >= crossing.until:
                self._cross(crossing.ends)
        return self._from_batch(batch, wanted)

    def _note_ends(self, wanted: Wanted, crossing: _Crossing) -> None:
        """Note where the log ends, when it answers; if it falls silent on the way, what was noted is void."""
        if self._is_away():
            crossing.ends = crossing.until = None
        elif crossing.ends is None and self._log.owned:
            # What cannot be asked now is asked again; the journal is read meanwhile.
            with suppress(SourceAway):
                crossing.ends = self._log.ends(wanted.places.keys())
                if isinstance(self._journal, Remembering):
                    self._journal.ask_anew()

    def _cross(self, ends: Mapping[Partition, int]) -> None:
        self._log.start(ends)
        self._crossing = None
        self._unproven = set()
        _logger.info("reads from the log again")

    def _from_batch(self, batch: Batch, wanted: Wanted) -> Portion:
        self._lineage = batch.lineage
        records, repeated = _beyond(wanted.places, batch.records)
        self._left = batch.head - batch.through
        time_us = batch.records[-1].sequenced_at_us if batch.records else 0
        return self._portion(
            epoch=batch.epoch,
            records=records,
            reached=dict.fromkeys(wanted.places, Place(batch.through, time_us)),
            live=batch.through >= batch.head,
            repeated=repeated,
            head=batch.head,
            lineage=batch.lineage,
        )

    def _portion(self, **given: object) -> Portion:
        """Make a portion, with what is to be set aside, whatever became of the events beside it."""
        given["strays"], self._strays = tuple(self._strays), []
        return replace(Portion(generation=self._generation, owned=self._owned), **given)  # type: ignore[arg-type]


def _beyond(
    places: Mapping[Partition, Place], records: Iterable[Recorded]
) -> tuple[tuple[Recorded, ...], int]:
    """Keep the events of our partitions that lie beyond their places; count what was there before."""
    kept: list[Recorded] = []
    at = {partition: place.position for partition, place in places.items()}
    repeated = 0
    for record in records:
        partition = partition_of(record)
        if partition not in at:
            continue
        if record.position <= at[partition]:
            repeated += 1
            continue
        at[partition] = record.position
        kept.append(record)
    return tuple(kept), repeated
