"""The feed made anew from the journal, beside the live one, and put in its place in one transaction.

Clients hold numbers and cursors: a record they may have read never becomes another under the same number. So
rows that are missing are put back as they were, and anything else needs a new epoch, which tells every client
to begin again. After a restore the journal has one already.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from events import epochs, journal
from events.comparing import Difference, Kind, confirmed, differences, mend
from events.scratch import scratch
from events.source import SqlJournalSource
from events.store import DjangoStore
from streaming.models import FeedCase, FeedHead, FeedPlace, FeedProjection, FeedRecord
from streaming.writing.writer import feed_writer
from subscriber import Emission, Pace, Runner
from subscriber.ledger import reached
from subscriber.rebuild import Bounded, catch_up
from subscriber.store import Store
from subscriber.tables import make_tables

__all__ = ["FeedRebuilt", "Renumbers", "bring_up_to_epoch", "is_ahead", "rebuild_feed"]

NAME: Final = "streaming.feed"
_MODELS: Final = (FeedRecord, FeedHead, FeedCase, FeedPlace, FeedProjection)
_CLOSE: Final = 200
# What the writer writes, in its order.
_WRITTEN: Final = (*(model._meta.db_table for model in _MODELS), "subscriber_checkpoint")  # noqa: SLF001 - Django's own public door


class Renumbers(RuntimeError):
    """Records that clients may have read would change: only a new epoch can say so (`--new-epoch`)."""


@dataclass(frozen=True, slots=True)
class FeedRebuilt:
    """What a rebuild came to: the position the feed was compared at, and the rows that differed."""

    position: int
    differences: tuple[Difference, ...]


class _Nobody:
    """An emitter for a writer that says nothing."""

    def emit(self, emissions: Sequence[Emission], *, now: datetime) -> None:
        """Refuse: the feed writer emits no event."""
        raise NotImplementedError("the feed writer says nothing")

    def carry(self, bell: threading.Event) -> bool:
        """Carry nothing."""
        del bell
        return False


def rebuild_feed(*, put_right: bool = True, new_epoch: bool = False, pace: Pace | None = None) -> FeedRebuilt:
    """Make the feed anew, compare, and put the live rows right; the writer waits for the last step only.

    Args:
        put_right: False: only compare.
        new_epoch: begin a new epoch, so that records may change under their numbers.
        pace: how fast the journal is read.

    Raises:
        Renumbers: records would change, and there is no new epoch to say so.
        NothingToDeclare: a new epoch was asked for, and the journal's has no event yet.
    """
    with (
        tempfile.TemporaryDirectory(prefix="vouch-feed-") as folder,
        scratch(Path(folder) / "feed.sqlite3", _MODELS) as alias,
    ):
        return _Building(alias, pace or Pace(), new_epoch=new_epoch).run(put_right=put_right)


def is_ahead(live: Store) -> bool:
    """Tell whether the feed tells of events that a declared restore took from the journal."""
    with live.transaction():
        make_tables(live)
    at = reached(live, NAME)
    common = epochs.lineage().common(at.epoch, at.furthest)
    return at.epoch not in {"", journal.head().epoch} and common < at.furthest


def bring_up_to_epoch(feed: Store, epoch: str) -> None:
    """Give every feed the journal's epoch: a client with a cursor of another is told to begin again."""
    feed.execute("UPDATE streaming_feedhead SET epoch = ? WHERE epoch <> ?", (epoch, epoch))


class _Building:
    """One rebuild under way."""

    def __init__(self, alias: str, pace: Pace, *, new_epoch: bool) -> None:
        self._alias = alias
        self._live, self._made = DjangoStore("feed"), DjangoStore(alias)
        self._source = Bounded(SqlJournalSource(feed_writer().streams), pace)
        self._runner = Runner([feed_writer()], self._source, self._made, _Nobody(), replaying=True)
        self._restored = is_ahead(self._live)
        self._new_epoch = new_epoch

    def run(self, *, put_right: bool) -> FeedRebuilt:
        while self._target() - self._runner.floor(NAME) > _CLOSE:
            self._catch_up()
        self._catch_up()
        suspected = differences(_MODELS, self._alias)
        with self._live.transaction():
            self._live.hold(_WRITTEN)
            self._catch_up()
            found = suspected if self._new_epoch or self._restored else confirmed(suspected, self._alias)
            if found and put_right:
                found = self._put_right()
        return FeedRebuilt(self._runner.floor(NAME), tuple(found))

    def _target(self) -> int:
        """Tell up to where the live feed has come, or after a restore where the journal ends."""
        return journal.head().position if self._restored else reached(self._live, NAME).floor

    def _catch_up(self) -> None:
        catch_up(self._runner, NAME, self._source, self._target(), threading.Event())
        bring_up_to_epoch(self._made, journal.head().epoch)

    def _put_right(self) -> list[Difference]:
        if self._new_epoch and not self._restored:
            bring_up_to_epoch(self._made, epochs.declare_restored().epoch)
        found = differences(_MODELS, self._alias)
        if not (self._restored or self._new_epoch):
            _refuse_changes(found)
        mend(found, self._alias)
        if self._restored:
            self._move_checkpoint()
        return found

    def _move_checkpoint(self) -> None:
        """Have the writer go on in the new epoch; one that still runs finds that its turn is over."""
        ((epoch, floor, done),) = self._made.execute("SELECT epoch, floor, done FROM subscriber_checkpoint")
        self._live.execute(
            "UPDATE subscriber_checkpoint SET epoch = ?, floor = ?, done = ?, turn = turn + 1 "
            "WHERE subscriber = ?",
            (epoch, floor, bytes(done), NAME),
        )
        for table in ("subscriber_dead_letter", "subscriber_witness"):
            self._live.execute(f"DELETE FROM {table} WHERE subscriber = ?", (NAME,))  # noqa: S608 - of two
            for row in self._made.execute(f"SELECT * FROM {table}"):  # noqa: S608 - of two
                marks = ", ".join("?" * len(row))
                self._live.execute(f"INSERT INTO {table} VALUES ({marks})", row)  # noqa: S608 - of two


def _refuse_changes(found: Sequence[Difference]) -> None:
    changed = [one.pk for one in found if one.model is FeedRecord and one.kind is not Kind.MISSING]
    if changed:
        raise Renumbers(
            f"{len(changed)} records that clients may have read would change, the first {changed[0]}: "
            "look why, then rebuild with --new-epoch, which has every client begin again"
        )
