"""The rows that say how far each partition of a shared subscriber has come, and whose turn it is there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from subscriber.errors import TurnOver
from subscriber.partitions import Partition, partitions_of
from subscriber.progress import Progress
from subscriber.store import Row, Store

__all__ = ["Line", "Shares", "partition_rows"]


@dataclass(slots=True)
class Line:
    """How far one partition has come.

    `turn` is the owner's, `epoch` the one that its positions count in. `read_us` is the sequenced time of the
    last position looked at, 0: not known; `opened` has that of each position taken up and not finished.
    """

    turn: int
    epoch: str
    progress: Progress
    read_us: int = 0
    opened: dict[int, int] = field(default_factory=dict)

    @property
    def time_us(self) -> int:
        """A moment that nothing above the floor was sequenced before; 0: not known."""
        return self.opened[min(self.opened)] if self.opened else self.read_us

    def copy(self) -> Line:
        """Give one that can be tried and thrown away."""
        return Line(self.turn, self.epoch, self.progress.copy(), self.read_us, dict(self.opened))


class Shares:
    """The partitions of one subscriber; all but `claim` and `settle` happens in the caller's transaction."""

    def __init__(self, store: Store, subscriber: str, streams: Sequence[str]) -> None:
        self._store = store
        self._name = subscriber
        self._streams = tuple(streams)

    def claim(self, owned: Iterable[Partition]) -> tuple[dict[Partition, Line], int]:
        """Take over partitions from whoever had them; gives how far each has come, and the streak.

        Whoever follows the whole journal under this name is superseded too.
        """
        with self._store.transaction():
            self._store.execute(
                "UPDATE subscriber_checkpoint SET turn = turn + 1 WHERE subscriber = ?", (self._name,)
            )
            ((epoch, floor, done, streak),) = self._store.execute(
                "SELECT epoch, floor, done, streak FROM subscriber_checkpoint WHERE subscriber = ?",
                (self._name,),
            )
            rows = {p: self._take(p, (epoch, floor, done)) for p in sorted(owned)}
        whole = Progress.load(int(floor), bytes(done))
        return {p: _line(row, str(epoch), whole) for p, row in rows.items()}, int(streak)

    def _take(self, partition: Partition, start: Row) -> Row:
        (row,) = self._store.execute(
            "INSERT INTO subscriber_partition "
            "(subscriber, stream, number, epoch, floor, time_us, done, turn) "
            "VALUES (?, ?, ?, ?, ?, 0, ?, 1) ON CONFLICT (subscriber, stream, number) "
            "DO UPDATE SET turn = subscriber_partition.turn + 1 "
            "RETURNING epoch, floor, time_us, done, turn",
            (self._name, *partition, *start),
        )
        return row

    def save(self, lines: Iterable[tuple[Partition, Line]]) -> None:
        """Move the checkpoints of partitions.

        Raises:
            TurnOver: another process owns one of them now.
        """
        for partition, line in lines:
            progress = line.progress
            moved = self._store.execute(
                "UPDATE subscriber_partition SET epoch = ?, floor = ?, time_us = ?, done = ? "
                "WHERE subscriber = ? AND stream = ? AND number = ? AND turn = ? RETURNING turn",
                (
                    *(line.epoch, progress.floor, line.time_us, progress.dump()),
                    *(self._name, *partition, line.turn),
                ),
            )
            if not moved:
                raise TurnOver(partition)

    def save_streak(self, streak: int) -> None:
        """Remember the failures in a row, whichever process had them."""
        self._store.execute(
            "UPDATE subscriber_checkpoint SET streak = ? WHERE subscriber = ?", (streak, self._name)
        )

    def settle(self) -> None:
        """Lift the subscriber's floor to the least of its partitions, once each of them has a row."""
        rows = self._store.execute(
            "SELECT epoch, min(floor), count(*) FROM subscriber_partition "
            "WHERE subscriber = ? GROUP BY epoch",
            (self._name,),
        )
        if len(rows) != 1 or rows[0][2] != len(partitions_of(self._streams)):
            return
        epoch, floor, _ = rows[0]
        with self._store.transaction():
            self._store.execute(
                "UPDATE subscriber_checkpoint SET epoch = ?, floor = ? "
                "WHERE subscriber = ? AND (floor < ? OR (floor = ? AND epoch <> ?))",
                (epoch, floor, self._name, floor, floor, epoch),
            )


def partition_rows(store: Store, subscriber: str) -> dict[Partition, tuple[int, bytes]]:
    """Read the partitions that are ahead of the floor, for one that follows the whole journal again.

    Gives each one's own floor and what is done above it. Their owners' turn is over.
    """
    store.execute("UPDATE subscriber_partition SET turn = turn + 1 WHERE subscriber = ?", (subscriber,))
    rows = store.execute(
        "SELECT stream, number, floor, done FROM subscriber_partition WHERE subscriber = ?", (subscriber,)
    )
    return {
        Partition(str(stream), int(number)): (int(floor), bytes(done)) for stream, number, floor, done in rows
    }


def _line(row: Row, epoch: str, whole: Progress) -> Line:
    """Read a row; the whole may have passed it, in another process or in a run on the journal."""
    its_epoch, floor, time_us, done, turn = row
    progress = Progress.load(max(int(floor), whole.floor), bytes(done))
    progress.done |= whole.done
    if floor < whole.floor:
        return Line(int(turn), epoch, progress)
    return Line(int(turn), str(its_epoch) or epoch, progress, int(time_us))
