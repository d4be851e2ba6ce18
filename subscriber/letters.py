"""What could not be handled, as an operator sees it, and a row for everything that is done about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from protocol.ids import to_us
from protocol.schemas.journal_v1_pb2 import Record
from subscriber.store import Row, Store
from subscriber.tables import make_tables

__all__ = ["Action", "Letter", "Letters"]

_COLUMNS: Final = "key, record, reason, traceback, attempts, died_at_us"


@dataclass(frozen=True, slots=True)
class Letter:
    """An event or timer that failed, or that waits behind one of its key; `stored` are its original bytes."""

    key: str
    record: Record
    reason: str
    traceback: str
    attempts: int
    died_at_us: int
    stored: bytes

    @property
    def timer(self) -> str:
        """The name of the timer it is; empty: it is an event."""
        return self.record.type.removeprefix("timer:") if self.record.type.startswith("timer:") else ""

    @property
    def order(self) -> tuple[int, bool, int]:
        """Its place within its key: a timer goes before the event it was due before."""
        return self.record.sequenced_at_us, not self.timer, self.record.position


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something done about a letter, by whom, when and why."""

    at: datetime
    who: str
    what: str
    why: str


class Letters:
    """The dead letters of one subscriber; whoever writes does it in a transaction."""

    def __init__(self, store: Store, subscriber: str) -> None:
        self._store = store
        self._name = subscriber

    @classmethod
    def open(cls, store: Store, subscriber: str) -> Letters:
        """Make the tables where there are none, in a transaction, and give the letters."""
        with store.transaction():
            make_tables(store)
        return cls(store, subscriber)

    def of(self, key: str | None = None) -> list[Letter]:
        """List letters of a key, or all: within a key in the order they would have been handled."""
        sql = f"SELECT {_COLUMNS} FROM subscriber_dead_letter WHERE subscriber = ?"  # noqa: S608 - a constant
        if key is None:
            rows = self._store.execute(sql, (self._name,))
        else:
            rows = self._store.execute(f"{sql} AND key = ?", (self._name, key))
        return sorted((_letter(row) for row in rows), key=lambda letter: (letter.key, *letter.order))

    def strays(self) -> list[str]:
        """List what lay on its topics and is no event of ours: where it is, and why it was refused."""
        rows = self._store.execute(
            "SELECT topic, number, place, reason FROM subscriber_stray WHERE subscriber = ? "
            "ORDER BY topic, number, place",
            (self._name,),
        )
        return [f"{topic}[{number}]@{place} {reason}" for topic, number, place, reason in rows]

    def remove(self, letter: Letter, action: Action) -> bool:
        """Take a letter away, and note what became of it, with its bytes; false: it is there no longer."""
        found = self._store.execute(
            "DELETE FROM subscriber_dead_letter WHERE subscriber = ? AND key = ? AND record = ? "
            "RETURNING key",
            (self._name, letter.key, letter.stored),
        )
        if found:
            self.note(letter, action)
        return bool(found)

    def failed_again(self, letter: Letter, action: Action, *, reason: str, traceback: str) -> None:
        """Keep a letter with its newest reason, and note the try."""
        self._store.execute(
            "UPDATE subscriber_dead_letter SET reason = ?, traceback = ?, attempts = attempts + 1 "
            "WHERE subscriber = ? AND key = ? AND record = ?",
            (reason, traceback, self._name, letter.key, letter.stored),
        )
        self.note(letter, action)

    def note(self, letter: Letter, action: Action) -> None:
        """Write down what was done."""
        self._store.execute(
            "INSERT INTO subscriber_action VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(to_us(action.at), self._name, action.who, action.what, letter.key),
                *(letter.record.type, letter.record.position, action.why, letter.stored),
            ),
        )


def _letter(row: Row) -> Letter:
    key, record, reason, traceback, attempts, died_at_us = row
    stored = bytes(record)
    parsed = Record.FromString(stored)
    return Letter(str(key), parsed, str(reason), str(traceback), int(attempts), int(died_at_us), stored)
