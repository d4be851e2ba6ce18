"""One best-effort message as its follower takes it, and the row that says how far the follower has come."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from google.protobuf.message import DecodeError, Message

from protocol.catalogue import UnknownType, parse
from protocol.schemas.journal_v1_pb2 import Record
from subscriber.store import Row, Store, Value

__all__ = ["DROPPED", "Progress", "Statistic", "Take", "make_statistics", "seen_us", "taken"]

# The type of a record that says how many were dropped before they reached anybody.
DROPPED: Final = "dropped"
_TABLE: Final = """
    CREATE TABLE IF NOT EXISTS subscriber_statistics (
        subscriber TEXT PRIMARY KEY, place INTEGER NOT NULL, seen_us INTEGER NOT NULL
    )
"""
_SAY_EVERY_S: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """One message, when it was noted (microseconds since 1970 UTC), and what identifies it here.

    `message` None: `dropped` messages were lost before this one.
    """

    message: Message | None
    subject: str
    at_us: int
    mark: str
    dropped: int = 0


Take = Callable[[Statistic, Store], None]


def make_statistics(store: Store, name: str) -> None:
    """Make the table of places where there is none, and a follower's row in it."""
    with store.transaction():
        store.execute(_TABLE)
        store.execute(
            "INSERT INTO subscriber_statistics VALUES (?, 0, 0) ON CONFLICT (subscriber) DO NOTHING", (name,)
        )


def seen_us(execute: Callable[[str, Sequence[Value]], list[Row]], name: str) -> int:
    """Tell up to which moment the statistics are known, microseconds since 1970 UTC; 0: they never were.

    Args:
        execute: a store's, or a handler's.
        name: the follower's.
    """
    rows = execute("SELECT seen_us FROM subscriber_statistics WHERE subscriber = ?", (name,))
    return int(rows[0][0]) if rows else 0


class Progress:
    """The row that says where reading stands, and up to which moment everything was read."""

    def __init__(self, store: Store, name: str, clock: Callable[[], int]) -> None:
        self.name = name
        self._store, self._clock = store, clock
        self._said_s = 0.0

    def place(self) -> int:
        """Give the number of the last one that was taken; by Kafka 0: its offsets are kept elsewhere."""
        asked = "SELECT place FROM subscriber_statistics WHERE subscriber = ?"
        return int(self._store.execute(asked, (self.name,))[0][0])

    def move(self, place: int, at_us: int) -> None:
        """Note what was taken, in the caller's transaction."""
        self._store.execute(
            "UPDATE subscriber_statistics SET place = ?, seen_us = ? WHERE subscriber = ?",
            (place, at_us, self.name),
        )

    def up_to_date(self) -> None:
        """Say, at most once a second, that nothing is left unread."""
        if time.monotonic() - self._said_s < _SAY_EVERY_S:
            return
        self._said_s = time.monotonic()
        with self._store.transaction():
            self.move(self.place(), self._clock())


def taken(record: Record, mark: str, take: Take, store: Store) -> bool:
    """Have one message taken; false when it is none of ours: it is passed over, as everything here may be."""
    at_us = record.occurred_at_us
    if record.type == DROPPED:
        count = int.from_bytes(record.payload, "big")
        take(Statistic(message=None, subject="", at_us=at_us, mark=mark, dropped=count), store)
        return True
    try:
        message = parse(record.type, record.payload)
    except (UnknownType, DecodeError):
        return False
    take(Statistic(message=message, subject=record.subject, at_us=at_us, mark=mark), store)
    return True
