"""The journal as a subscriber's source, for rooms that live beside it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import OperationalError, close_old_connections

from events import sqlite
from subscriber.errors import SourceAway
from subscriber.source import Batch
from subscriber.store import is_passing

__all__ = ["SqlJournalSource"]


class SqlJournalSource:
    """A `subscriber.Source` that reads the journal's rows by the calling thread's connection."""

    def __init__(self, streams: Sequence[str]) -> None:
        self._streams = tuple(streams)
        self._seen = (-1, -1)

    def read(self, after: int, limit: int) -> Batch:
        """Give events after a position; see `Source`."""
        try:
            # Before the read: what is written during it makes the next `news` true.
            self._seen = sqlite.data_version()
            tip = sqlite.tip()
            rows = sqlite.read(after, through=tip.position, streams=self._streams, subject=None, limit=limit)
        except OperationalError as error:
            if error.__cause__ is not None and is_passing(error.__cause__):
                raise SourceAway(f"the journal cannot be read now: {error}") from error
            raise
        through = rows[-1].position if len(rows) == limit else tip.position
        return Batch(tip.epoch, tuple(rows), through, tip.position)

    def news(self) -> bool:
        """Tell whether anybody has written since the last read; see `Source`."""
        return sqlite.data_version() != self._seen

    def close(self) -> None:
        """Let go of the thread's connections."""
        close_old_connections()
