"""The runtime's own rows in a subscriber's database: checkpoint, timers and dead letters."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from protocol.ids import to_us
from protocol.schemas.journal_v1_pb2 import Record
from subscriber.errors import Superseded
from subscriber.partitions import Partition
from subscriber.progress import Progress
from subscriber.shares import partition_rows
from subscriber.source import Stray
from subscriber.store import Row, Store
from subscriber.tables import make_tables

__all__ = ["DeadLetter", "DueTimer", "Ledger", "Reached", "reached", "timer_record"]


@dataclass(frozen=True, slots=True)
class DueTimer:
    """A timer's row; `cause` is the id of the event that set it."""

    name: str
    key: str
    at_us: int
    cause: bytes
    correlation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """An event that could not be handled, with its original bytes, or a timer; see `timer_record`."""

    key: str
    record: Record
    reason: str
    traceback: str
    attempts: int


class Ledger:
    """The rows of one subscriber; everything but `open` happens in the caller's transaction."""

    def __init__(self, store: Store, subscriber: str) -> None:
        self.store = store
        self._name = subscriber
        self._turn = 0
        # The earliest timer there may be, so that no event costs a query; None: ask the table.
        self.next_due_us: int | None = None
        self._looked_s = 0.0
        # Partitions that are ahead of the floor, left by a run that shared the work.
        self.ahead: dict[Partition, int] = {}

    def prepare(self) -> None:
        """Make the tables, in the caller's transaction, and the subscriber's row without a turn in it."""
        make_tables(self.store)
        self.store.execute(
            "INSERT INTO subscriber_checkpoint VALUES (?, '', 0, ?, 0, 0) "
            "ON CONFLICT (subscriber) DO NOTHING",
            (self._name, b""),
        )

    def open(self) -> tuple[str, Progress, int]:
        """Make the tables and take the next turn; gives the epoch, the progress and the failures in a row."""
        with self.store.transaction():
            self.prepare()
            rows = self.store.execute(
                "UPDATE subscriber_checkpoint SET turn = turn + 1 WHERE subscriber = ? "
                "RETURNING epoch, floor, done, streak, turn",
                (self._name,),
            )
            partitions = partition_rows(self.store, self._name)
        epoch, floor, done, streak, turn = rows[0]
        self._turn = _int(turn)
        progress = Progress.load(_int(floor), _bytes(done))
        for _, above in partitions.values():
            progress.done |= Progress.load(0, above).done
        self.ahead = {p: its_floor for p, (its_floor, _) in partitions.items() if its_floor > progress.floor}
        return str(epoch), progress, _int(streak)

    def save(self, epoch: str, progress: Progress, streak: int) -> None:
        """Move the checkpoint.

        Raises:
            Superseded: another process runs this subscriber now.
        """
        moved = self.store.execute(
            "UPDATE subscriber_checkpoint SET epoch = ?, floor = ?, done = ?, streak = ? "
            "WHERE subscriber = ? AND turn = ? RETURNING turn",
            (epoch, progress.floor, progress.dump(), streak, self._name, self._turn),
        )
        if not moved:
            raise Superseded(f"another process runs {self._name} now; this one must end")
        if self.ahead and progress.floor >= max(self.ahead.values()):
            self.store.execute("DELETE FROM subscriber_partition WHERE subscriber = ?", (self._name,))

    def stay(self) -> None:
        """Raise `Superseded` when another process has taken the next turn, in the caller's transaction."""
        if not self.store.execute(
            "UPDATE subscriber_checkpoint SET turn = turn WHERE subscriber = ? AND turn = ? RETURNING turn",
            (self._name, self._turn),
        ):
            raise Superseded(f"another process runs {self._name} now; this one must end")

    def parked_keys(self) -> set[str]:
        """List the keys whose events wait behind a dead letter."""
        rows = self.store.execute(
            "SELECT DISTINCT key FROM subscriber_dead_letter WHERE subscriber = ?", (self._name,)
        )
        return {str(row[0]) for row in rows}

    def is_parked(self, key: str) -> bool:
        """Tell whether a key's events wait behind a dead letter, as the table says now."""
        asked = "SELECT 1 FROM subscriber_dead_letter WHERE subscriber = ? AND key = ? LIMIT 1"
        return bool(self.store.execute(asked, (self._name, key)))

    def bury(self, letter: DeadLetter, *, now: datetime) -> None:
        """Keep an event that could not be handled."""
        r = letter.record
        self.store.execute(
            "INSERT INTO subscriber_dead_letter VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(self._name, letter.key, r.epoch, r.position, r.type, r.SerializeToString()),
                *(letter.reason, letter.traceback, letter.attempts, to_us(now)),
            ),
        )

    def set_aside(self, stray: Stray, *, now: datetime) -> bool:
        """Keep bytes that are no event of ours; false when they were kept before."""
        headers = json.dumps([(name, value.decode("latin-1")) for name, value in stray.headers])
        kept = self.store.execute(
            "INSERT INTO subscriber_stray VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (subscriber, topic, number, place) DO NOTHING RETURNING place",
            (
                *(self._name, stray.topic, stray.number, stray.offset, stray.key, stray.value),
                *(headers, stray.reason, to_us(now)),
            ),
        )
        return bool(kept)

    def set_timer(self, at: datetime, name: str, key: str, *, cause: UUID, correlation: str) -> None:
        """Set or move a timer."""
        at_us = to_us(at)
        self.store.execute(
            "INSERT INTO subscriber_timer VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (subscriber, name, key) DO UPDATE SET "
            "at_us = excluded.at_us, cause = excluded.cause, correlation = excluded.correlation",
            (self._name, name, key, at_us, cause.bytes, correlation),
        )
        if self.next_due_us is not None:
            self.next_due_us = min(self.next_due_us, at_us)

    def drop_timer(self, name: str, key: str) -> None:
        """Take a timer away."""
        self.store.execute(
            "DELETE FROM subscriber_timer WHERE subscriber = ? AND name = ? AND key = ?",
            (self._name, name, key),
        )

    def due(
        self, until_us: int, limit: int, fires: Callable[[str, int], bool] = lambda _key, _at_us: True
    ) -> list[DueTimer]:
        """List timers due by a moment that may fire here, earliest first; costs nothing when none can be."""
        now_s = time.monotonic()
        none_yet = self.next_due_us is not None and self.next_due_us > until_us
        if none_yet and now_s - self._looked_s < _LOOK_EVERY_S:
            return []
        self._looked_s = now_s
        rows = self._timers_after((-1, "", ""), limit)
        self.next_due_us = rows[0].at_us if rows else _NEVER_US
        found: list[DueTimer] = []
        while rows:
            found += [timer for timer in rows if timer.at_us <= until_us and fires(timer.key, timer.at_us)]
            last = rows[-1]
            if len(found) >= limit or len(rows) < limit or last.at_us > until_us:
                break
            rows = self._timers_after((last.at_us, last.name, last.key), limit)
        if not found and self.next_due_us <= until_us:
            # What is due is another member's: it is not asked for again with every event.
            later = (timer.at_us for timer in rows if timer.at_us > until_us)
            self.next_due_us = min(until_us + _OTHERS_REST_US, next(later, _NEVER_US))
        return found[:limit]

    def _timers_after(self, place: tuple[int, str, str], limit: int) -> list[DueTimer]:
        rows = self.store.execute(
            "SELECT name, key, at_us, cause, correlation FROM subscriber_timer "
            "WHERE subscriber = ? AND (at_us, name, key) > (?, ?, ?) ORDER BY at_us, name, key LIMIT ?",
            (self._name, *place, limit),
        )
        return [_timer(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a subscriber stands: everything up to `floor` is done, and nothing beyond `furthest`."""

    epoch: str = ""
    floor: int = 0
    furthest: int = 0


def reached(store: Store, subscriber: str) -> Reached:
    """Read where a subscriber stands, whole or on its partitions, without taking it over."""
    rows = store.execute(
        "SELECT epoch, floor, done FROM subscriber_checkpoint WHERE subscriber = ?", (subscriber,)
    )
    if not rows:
        return Reached()
    rows += store.execute(
        "SELECT epoch, floor, done FROM subscriber_partition WHERE subscriber = ?", (subscriber,)
    )
    floor = _int(rows[0][1])
    furthest = max(max(_int(at), *Progress.load(_int(at), _bytes(done)).done, 0) for _, at, done in rows)
    return Reached(next((str(epoch) for epoch, _, _ in rows if epoch), ""), floor, furthest)


def timer_record(timer: DueTimer) -> Record:
    """Write a timer as the record of its dead letter: by it the timer can be fired again, as it was set."""
    return Record(
        type=f"timer:{timer.name}",
        id=timer.cause,
        partition_key=timer.key,
        sequenced_at_us=timer.at_us,
        correlation=timer.correlation,
    )


_NEVER_US: Final = 1 << 62
_OTHERS_REST_US: Final = 200_000
# Somebody else may have set a timer: an operator who redrives dead letters.
_LOOK_EVERY_S: Final = 1.0


def _timer(row: Row) -> DueTimer:
    name, key, at_us, cause, correlation = row
    return DueTimer(str(name), str(key), _int(at_us), _bytes(cause), str(correlation))


def _int(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"a whole number was expected, not {type(value).__name__}")
    return value


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else bytes(memoryview(value))  # type: ignore[arg-type]  # a buffer
