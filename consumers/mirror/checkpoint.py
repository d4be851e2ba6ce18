"""The mirror's memory: for each topic, the last record of which it and all before it are safe there."""

from __future__ import annotations

from subscriber import Store
from vouch_feed import Position

__all__ = ["Checkpoint"]


class Checkpoint:
    """One topic's row in the mirror's own database."""

    def __init__(self, store: Store, topic: str) -> None:
        """Make the table where there is none.

        Raises:
            StoreAway: the database cannot be used now.
        """
        self._store = store
        self._topic = topic
        with store.transaction():
            store.execute(
                "CREATE TABLE IF NOT EXISTS mirrored (topic TEXT PRIMARY KEY, position TEXT NOT NULL)"
            )

    def read(self) -> Position | None:
        """Give it; None: nothing was mirrored yet.

        Raises:
            StoreAway: the database cannot be used now.
        """
        rows = self._store.execute("SELECT position FROM mirrored WHERE topic = ?", (self._topic,))
        return Position.parse(str(rows[0][0])) if rows else None

    def write(self, position: Position) -> None:
        """Replace it.

        Raises:
            StoreAway: the database cannot be used now; it stays as it was.
        """
        with self._store.transaction():
            self._store.execute(
                "INSERT INTO mirrored (topic, position) VALUES (?, ?)"
                " ON CONFLICT (topic) DO UPDATE SET position = excluded.position",
                (self._topic, position.cursor),
            )
