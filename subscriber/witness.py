"""The last event a subscriber has finished, by its id: proof that a journal is the one its checkpoint counts.

A number alone cannot tell a journal from another that was put back from a back-up and has grown again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from protocol.records import Recorded
from subscriber.partitions import partition_of
from subscriber.source import SharedSource, Source
from subscriber.store import Store

__all__ = ["Seen", "Witness", "is_there"]


class Seen(NamedTuple):
    """An event, and where it was seen."""

    position: int
    id: bytes


class Witness:
    """The rows of one subscriber, one for each partition it has finished something of."""

    def __init__(self, store: Store, subscriber: str) -> None:
        self._store = store
        self._name = subscriber

    def save(self, finished: Iterable[Recorded]) -> None:
        """Remember the last of some finished events, in the transaction that finishes them."""
        last = max(finished, key=lambda record: record.position, default=None)
        if last is not None:
            self._store.execute(
                "INSERT INTO subscriber_witness VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (subscriber, stream, number) DO UPDATE "
                "SET position = excluded.position, id = excluded.id "
                "WHERE subscriber_witness.position < excluded.position",
                (self._name, *partition_of(last), last.position, last.id),
            )

    def last(self) -> Seen | None:
        """Give the last event that was finished; None: there was none yet."""
        rows = self._store.execute(
            "SELECT position, id FROM subscriber_witness WHERE subscriber = ? ORDER BY position DESC LIMIT 1",
            (self._name,),
        )
        return Seen(int(rows[0][0]), bytes(rows[0][1])) if rows else None

    def forget_after(self, position: int) -> None:
        """Forget, in the caller's transaction, events beyond a position: a restore has taken them away."""
        self._store.execute(
            "DELETE FROM subscriber_witness WHERE subscriber = ? AND position > ?", (self._name, position)
        )


def is_there(seen: Seen | None, source: Source | SharedSource) -> bool:
    """Tell whether the journal still has an event where it was; None is there.

    Raises:
        SourceAway: the journal cannot be asked now.
    """
    if seen is None:
        return True
    found = source.recall(seen.position)
    return found is not None and found.id == seen.id
