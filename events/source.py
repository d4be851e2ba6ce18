"""The journal as a subscriber's source, for rooms that live beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import OperationalError, close_old_connections, connections

from events.database import DATABASE, journal_database
from events.epochs import lineage
from protocol.records import Recorded
from subscriber.errors import SourceAway
from subscriber.lineage import Lineage
from subscriber.source import Batch
from subscriber.store import is_passing

__all__ = ["SqlJournalSource"]


class SqlJournalSource:
    """A `subscriber.Source` by the calling thread's connection, of some streams or (None) of all."""

    def __init__(self, streams: Sequence[str] | None) -> None:
        self._streams = None if streams is None else tuple(streams)
        self._seen: object = None
        self._epoch, self._lineage = "", Lineage()

    def read(self, after: int, limit: int) -> Batch:
        """Give events after a position; see `Source`."""
        database = journal_database()
        with _asking():
            # Before the read: what is written during it makes the next `news` true.
            self._seen = database.news()
            tip = database.tip()
            rows = database.read(
                after, through=tip.position, streams=self._streams, subject=None, limit=limit
            )
            epochs = self._lineage_of(tip.epoch)
        through = rows[-1].position if len(rows) == limit else tip.position
        return Batch(tip.epoch, tuple(rows), through, tip.position, epochs)

    def _lineage_of(self, epoch: str) -> Lineage:
        if epoch != self._epoch:
            self._epoch, self._lineage = epoch, lineage()
        return self._lineage

    def news(self) -> bool:
        """Tell whether anybody may have written since the last read; see `Source`."""
        return journal_database().news() != self._seen

    def rest(self) -> None:
        """Lend the thread's connection to others while there is nothing to read, where there is a pool."""
        if connections[DATABASE].settings_dict["OPTIONS"].get("pool"):
            connections[DATABASE].close()

    def recall(self, position: int) -> Recorded | None:
        """Give the event at a position; see `Source`."""
        with _asking():
            found = journal_database().read(
                position - 1, through=position, streams=self._streams, subject=None, limit=1
            )
        return found[0] if found else None

    def lineage(self) -> Lineage:
        """Tell where the journal's epochs begin; see `Source`."""
        with _asking():
            return lineage()

    def close(self) -> None:
        """Let go of the thread's connections."""
        close_old_connections()


@contextmanager
def _asking() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        # A connection that broke is not used again; the next read opens another.
        connections[DATABASE].close_if_unusable_or_obsolete()
        if error.__cause__ is not None and is_passing(error.__cause__):
            raise SourceAway(f"the journal cannot be read now: {error}") from error
        raise
