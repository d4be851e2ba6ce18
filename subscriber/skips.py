"""What a subscriber passed over, counted in rows: no record is left out without a trace."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from protocol.records import Recorded
from subscriber.store import Store

__all__ = ["Skip", "Skipped", "Skips", "skipped"]


class Skip(StrEnum):
    """Why a record was passed over."""

    UNKNOWN_TYPE = "unknown type"
    TOO_OLD = "too old to react to"
    REPLAYED = "no reaction in a rebuild"
    DONE_BEFORE = "done before"
    GONE = "taken from the journal by a restore"
    MISSING = "removed before it was read"


@dataclass(frozen=True, slots=True)
class Skipped:
    """How many records of a type were passed over for one reason, and between which positions.

    The type is empty, and the positions 0, where records were not looked into.
    """

    why: str
    type: str
    records: int
    first_position: int
    last_position: int


class Skips:
    """Counts in memory until a transaction takes them along; after a crash some may be counted twice."""

    def __init__(self, store: Store, subscriber: str) -> None:
        self._store = store
        self._name = subscriber
        self._waiting: dict[tuple[str, str], Skipped] = {}

    def note(self, why: Skip, record: Recorded) -> None:
        """Count a record."""
        at, key = record.position, (why.value, record.type)
        had = self._waiting.get(key, Skipped(why.value, record.type, 0, at, at))
        self._waiting[key] = Skipped(why.value, record.type, had.records + 1, had.first_position, at)

    def note_unseen(self, why: Skip, records: int) -> None:
        """Count records that nobody has looked into."""
        if records:
            key = (why.value, "")
            had = self._waiting.get(key, Skipped(*key, 0, 0, 0))
            self._waiting[key] = replace(had, records=had.records + records)

    @property
    def waiting(self) -> bool:
        """Whether something was counted that is in no row yet."""
        return bool(self._waiting)

    def save(self) -> None:
        """Write what was counted, in the caller's transaction; `saved` follows when it has committed."""
        # In one order: two processes that share a subscriber add to the same rows.
        for _, one in sorted(self._waiting.items()):
            self._store.execute(
                "INSERT INTO subscriber_skip VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (subscriber, why, type) "
                "DO UPDATE SET records = subscriber_skip.records + excluded.records, "
                "last_position = excluded.last_position",
                (self._name, one.why, one.type, one.records, one.first_position, one.last_position),
            )

    def saved(self) -> None:
        """Forget what is written."""
        self._waiting.clear()


def skipped(store: Store, subscriber: str) -> list[Skipped]:
    """List what a subscriber has passed over, the most frequent first."""
    rows = store.execute(
        "SELECT why, type, records, first_position, last_position FROM subscriber_skip "
        "WHERE subscriber = ? ORDER BY records DESC, type, why",
        (subscriber,),
    )
    return [
        Skipped(str(why), str(type_), int(n), int(first), int(last)) for why, type_, n, first, last in rows
    ]
