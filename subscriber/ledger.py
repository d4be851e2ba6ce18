"""The runtime's own rows in a subscriber's database: checkpoint, timers and dead letters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from protocol.ids import to_us
from protocol.schemas.journal_v1_pb2 import Record
from subscriber.errors import Superseded
from subscriber.progress import Progress
from subscriber.store import Row, Store

__all__ = ["DeadLetter", "DueTimer", "Ledger"]

_TABLES: Final = (
    # `turn` rises with each start: a process whose turn is over can no longer move the checkpoint.
    """
    CREATE TABLE IF NOT EXISTS subscriber_checkpoint (
        subscriber TEXT PRIMARY KEY, epoch TEXT NOT NULL, floor BIGINT NOT NULL, done BLOB NOT NULL,
        streak INTEGER NOT NULL, turn BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS subscriber_timer (
        subscriber TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, at_us BIGINT NOT NULL,
        cause BLOB NOT NULL, correlation TEXT NOT NULL, PRIMARY KEY (subscriber, name, key)
    )
    """,
    "CREATE INDEX IF NOT EXISTS subscriber_timer_due ON subscriber_timer (subscriber, at_us)",
    """
    CREATE TABLE IF NOT EXISTS subscriber_dead_letter (
        subscriber TEXT NOT NULL, key TEXT NOT NULL, epoch TEXT NOT NULL, position BIGINT NOT NULL,
        type TEXT NOT NULL, record BLOB NOT NULL, reason TEXT NOT NULL, traceback TEXT NOT NULL,
        attempts INTEGER NOT NULL, died_at_us BIGINT NOT NULL
    )
    """,
    "CREATE INDEX IF NOT EXISTS subscriber_dead_letter_key ON subscriber_dead_letter (subscriber, key)",
)


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
    """An event that could not be handled, with its original bytes; of a timer only name, key and time."""

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

    def open(self) -> tuple[str, Progress, int]:
        """Make the tables and take the next turn; gives the epoch, the progress and the failures in a row."""
        with self.store.transaction():
            for statement in _TABLES:
                self.store.execute(statement)
            self.store.execute(
                "INSERT INTO subscriber_checkpoint VALUES (?, '', 0, ?, 0, 1) "
                "ON CONFLICT (subscriber) DO UPDATE SET turn = subscriber_checkpoint.turn + 1",
                (self._name, b""),
            )
            rows = self.store.execute(
                "SELECT epoch, floor, done, streak, turn FROM subscriber_checkpoint WHERE subscriber = ?",
                (self._name,),
            )
        epoch, floor, done, streak, turn = rows[0]
        self._turn = _int(turn)
        return str(epoch), Progress.load(_int(floor), _bytes(done)), _int(streak)

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

    def parked_keys(self) -> set[str]:
        """List the keys whose events wait behind a dead letter."""
        rows = self.store.execute(
            "SELECT DISTINCT key FROM subscriber_dead_letter WHERE subscriber = ?", (self._name,)
        )
        return {str(row[0]) for row in rows}

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

    def due(self, until_us: int, limit: int) -> list[DueTimer]:
        """List timers due by a moment, earliest first; costs nothing when none can be."""
        if self.next_due_us is not None and self.next_due_us > until_us:
            return []
        rows = self.store.execute(
            "SELECT name, key, at_us, cause, correlation FROM subscriber_timer "
            "WHERE subscriber = ? ORDER BY at_us, name, key LIMIT ?",
            (self._name, limit),
        )
        timers = [_timer(row) for row in rows]
        self.next_due_us = timers[0].at_us if timers else _NEVER_US
        return [timer for timer in timers if timer.at_us <= until_us]


_NEVER_US: Final = 1 << 62


def _timer(row: Row) -> DueTimer:
    name, key, at_us, cause, correlation = row
    return DueTimer(str(name), str(key), _int(at_us), _bytes(cause), str(correlation))


def _int(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"a whole number was expected, not {type(value).__name__}")
    return value


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else bytes(memoryview(value))  # type: ignore[arg-type]  # a buffer
