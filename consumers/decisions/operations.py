"""What an operator asks of the service: how far behind it is, and what it could not handle."""

from __future__ import annotations

from dataclasses import dataclass

from consumers.decisions.service import NAME
from subscriber import Source, Store

__all__ = ["Lag", "Letter", "dead_letters", "lag"]


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the service has come: every event up to `floor` is done, the journal ends at `head`."""

    floor: int
    head: int

    @property
    def records(self) -> int:
        """Events of the journal that it has not passed, those of streams it does not follow included."""
        return self.head - self.floor


@dataclass(frozen=True, slots=True)
class Letter:
    """An event that could not be handled, or that waits behind one; nothing personal is in it."""

    case: str
    position: int
    type: str
    reason: str
    attempts: int


def lag(store: Store, source: Source) -> Lag:
    """Compare the checkpoint with the journal's end; a service that never ran is at 0.

    Raises:
        SourceAway: the journal cannot be asked now.
    """
    asked = "SELECT floor FROM subscriber_checkpoint WHERE subscriber = ?"
    rows = store.execute(asked, (NAME,)) if _has(store, "subscriber_checkpoint") else []
    floor = int(str(rows[0][0])) if rows else 0
    return Lag(floor, source.read(floor, 1).head)


def dead_letters(store: Store) -> list[Letter]:
    """List what could not be handled, oldest first."""
    if not _has(store, "subscriber_dead_letter"):
        return []
    rows = store.execute(
        "SELECT key, position, type, reason, attempts FROM subscriber_dead_letter "
        "WHERE subscriber = ? ORDER BY position",
        (NAME,),
    )
    return [
        Letter(str(key), int(str(position)), str(type_), str(reason), int(str(attempts)))
        for key, position, type_, reason, attempts in rows
    ]


def _has(store: Store, table: str) -> bool:
    """Tell whether the runtime has made a table: it does so when the service first runs."""
    return bool(store.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)))
