"""How far a follower has come: on the journal as a whole, or on each of the partitions it owns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from protocol.records import Recorded
from subscriber.ledger import Ledger
from subscriber.partitions import Partition, number_of, partition_of
from subscriber.progress import Progress
from subscriber.shares import Line, Shares

__all__ = ["Shared", "Standing", "Whole"]


class Standing(Protocol):
    """Changed in a copy, which takes its place when its transaction has committed."""

    @property
    def moved(self) -> bool:
        """Whether a floor has risen, or an epoch was entered, since it was last saved."""

    @property
    def floor(self) -> int:
        """Everything up to here is finished for good."""

    @property
    def furthest(self) -> int:
        """Nothing beyond here was looked at, or done."""

    @property
    def weight(self) -> int:
        """How many positions have to be kept in mind."""

    def copy(self) -> Standing:
        """Give one that can be tried and thrown away."""

    def begin(self, record: Recorded) -> bool:
        """Take an event up; false when it is finished already, or not ours."""

    def finish(self, record: Recorded) -> None:
        """Finish an event that was taken up."""

    def touch(self, key: str) -> None:
        """Have the transaction fail when the turn of a timer's key is over."""

    def fires(self, key: str, at_us: int) -> bool:
        """Tell whether a timer that is due may fire here: ours, and nothing older of its key is unread."""

    def save(self, epoch: str, streak: int) -> None:
        """Move the checkpoint, in the caller's transaction.

        Raises:
            Superseded: it is another process's turn.
        """


class Whole:
    """On the journal's one order; partitions that went ahead elsewhere are passed over up to their place."""

    def __init__(self, ledger: Ledger, progress: Progress, saved: int) -> None:
        self.progress = progress
        self._ledger = ledger
        self._saved = saved

    @classmethod
    def open(cls, ledger: Ledger) -> tuple[str, Whole, int]:
        """Take the next turn; gives the epoch, the standing and the failures in a row."""
        epoch, progress, streak = ledger.open()
        return epoch, cls(ledger, progress, progress.floor), streak

    @property
    def moved(self) -> bool:
        """See `Standing`."""
        return self.progress.floor > self._saved

    @property
    def floor(self) -> int:
        """See `Standing`."""
        return self.progress.floor

    @property
    def furthest(self) -> int:
        """See `Standing`."""
        return max(self.progress.read, *self.progress.done, *self._ledger.ahead.values(), 0)

    @property
    def weight(self) -> int:
        """See `Standing`."""
        return self.progress.weight

    def copy(self) -> Whole:
        """See `Standing`."""
        return Whole(self._ledger, self.progress.copy(), self._saved)

    def begin(self, record: Recorded) -> bool:
        """See `Standing`."""
        ahead = self._ledger.ahead
        if ahead and record.position <= ahead.get(partition_of(record), 0):
            return False
        return self.progress.begin(record.position)

    def finish(self, record: Recorded) -> None:
        """See `Standing`."""
        self.progress.finish(record.position)

    def touch(self, key: str) -> None:
        """Do nothing: every transaction moves the one checkpoint."""

    def fires(self, key: str, at_us: int) -> bool:
        """See `Standing`: all keys are ours, and the journal is read in order."""
        del key, at_us
        return True

    def save(self, epoch: str, streak: int) -> None:
        """See `Standing`."""
        self._ledger.save(epoch, self.progress, streak)
        self._saved = self.progress.floor


class Shared:
    """On partitions, each with a checkpoint and a turn of its own."""

    def __init__(self, shares: Shares, streams: tuple[str, ...], count: int) -> None:
        self.lines: dict[Partition, Line] = {}
        self.live = False
        self._shares = shares
        self._streams = streams
        self._count = count
        # Copied when first changed; `_saved` has the epochs and floors that are in the database.
        self._changed: set[Partition] = set()
        self._saved: dict[Partition, tuple[str, int]] = {}
        self._streak = 0

    def own(self, lines: Mapping[Partition, Line], streak: int) -> None:
        """Have these partitions and no others."""
        self.lines, self._streak = dict(lines), streak
        self._saved = {partition: _mark(line) for partition, line in lines.items()}

    def lose(self, partition: Partition) -> None:
        """Have a partition no longer."""
        self.lines.pop(partition, None)

    def reached(self) -> dict[str, int]:
        """Tell, for each epoch that partitions count in, the furthest position that was looked at or done."""
        found: dict[str, int] = {}
        for line in self.lines.values():
            furthest = max(line.progress.read, *line.progress.done, 0)
            found[line.epoch] = max(found.get(line.epoch, 0), furthest)
        return found

    def enter(self, epoch: str) -> None:
        """Count on in an epoch: all that was seen is in it too."""
        for line in self.lines.values():
            line.epoch = epoch

    @property
    def moved(self) -> bool:
        """See `Standing`."""
        return any(_mark(line) != self._saved[p] for p, line in self.lines.items())

    @property
    def floor(self) -> int:
        """See `Standing`: the least of the partitions owned."""
        return min((line.progress.floor for line in self.lines.values()), default=0)

    @property
    def furthest(self) -> int:
        """See `Standing`: the greatest of the partitions owned."""
        return max(self.reached().values(), default=0)

    @property
    def weight(self) -> int:
        """See `Standing`; what a run on the whole journal has done is known to each of the partitions."""
        return len(set().union(*(line.progress.kept for line in self.lines.values())))

    def copy(self) -> Shared:
        """See `Standing`."""
        other = Shared(self._shares, self._streams, self._count)
        other.lines, other._saved = dict(self.lines), dict(self._saved)
        other.live, other._streak = self.live, self._streak
        return other

    def looked(self, partition: Partition, through: int, time_us: int) -> None:
        """Note that a partition was looked at up to a position, sequenced at a moment."""
        line = self.lines[partition]
        if through >= line.progress.read:
            line.progress.looked(through)
            line.read_us = max(line.read_us, time_us)

    def begin(self, record: Recorded) -> bool:
        """See `Standing`."""
        line = self.lines.get(partition_of(record))
        if line is None or not line.progress.begin(record.position):
            return False
        line.opened[record.position] = record.sequenced_at_us
        return True

    def finish(self, record: Recorded) -> None:
        """See `Standing`."""
        line = self._change(partition_of(record))
        line.progress.finish(record.position)
        line.opened.pop(record.position, None)

    def touch(self, key: str) -> None:
        """See `Standing`."""
        self._change(self._home(key))

    def fires(self, key: str, at_us: int) -> bool:
        """See `Standing`."""
        number = number_of(key, self._count)
        lines = [self.lines.get(Partition(stream, number)) for stream in self._streams]
        ours = lines[0] is not None
        return ours and (self.live or all(line is None or line.read_us >= at_us for line in lines))

    def save(self, epoch: str, streak: int) -> None:
        """See `Standing`; what nobody handled moves along, each partition in the epoch that it entered."""
        del epoch
        if streak != self._streak:
            self._shares.save_streak(streak)
            self._streak = streak
        moved = {p for p, line in self.lines.items() if _mark(line) != self._saved[p]}
        wanted = sorted(self._changed | moved)
        self._shares.save([(partition, self.lines[partition]) for partition in wanted])
        self._saved |= {partition: _mark(self.lines[partition]) for partition in wanted}
        self._changed.clear()

    def _home(self, key: str) -> Partition:
        """Find the partition whose owner fires the timers of a key."""
        return Partition(self._streams[0], number_of(key, self._count))

    def _change(self, partition: Partition) -> Line:
        if partition not in self._changed:
            self._changed.add(partition)
            self.lines[partition] = self.lines[partition].copy()
        return self.lines[partition]


def _mark(line: Line) -> tuple[str, int]:
    return line.epoch, line.progress.floor
