"""Where events come from: the journal, from any position on, and a cheap way to hear that it has grown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from protocol.schemas.journal_v1_pb2 import Record

__all__ = ["Batch", "Source"]


@dataclass(frozen=True, slots=True)
class Batch:
    """Events in order.

    `through` is the position read up to, including events of streams that were not asked for; `head` was the
    journal's last position then; `epoch` is empty before the journal's first event.
    """

    epoch: str
    records: tuple[Record, ...]
    through: int
    head: int


class Source(Protocol):
    """One journal, for some of its streams; used by one thread."""

    def read(self, after: int, limit: int) -> Batch:
        """Give at most `limit` events after a position at once, none when there are none yet.

        Raises:
            SourceAway: it cannot be read now.
            EpochChanged: the journal was restored, and this position belongs to the time before.
        """

    def news(self) -> bool:
        """Tell whether another read may give more than the last did; asked every few milliseconds."""

    def close(self) -> None:
        """Let go of connections."""
