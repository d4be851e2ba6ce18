"""Where one stream stands, and the records behind that: the one way in which any of them leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from events.errors import KeysAway
from streaming.following.granted import Following
from streaming.following.views import Shown
from streaming.personal import fill
from streaming.reading.feeds import Head, Overtaken, Row
from streaming.reading.ring import ring_of
from streaming.reading.threads import in_reader_thread
from streaming.wire.frames import Gap, Record

__all__ = ["MOST", "Cursor"]

# So many records are handed on together at most.
MOST: Final = 64


class Cursor:
    """A position on a part of a feed.

    `number` is the feed's number up to which all was handed on or passed over. `keys_away`: the next record
    has personal values that cannot be opened now.
    """

    def __init__(self, following: Following) -> None:
        self._part = following.part
        self._view = following.view
        self._epoch = following.head.epoch
        self._counts_own = following.principal.kind == "case"
        self._ring = ring_of(following.part.feed, following.head.epoch)
        self._oldest = following.head.oldest
        # Of the batch in hand what was not taken yet, the next one last; nothing else lies up to `upto`.
        self._rows: list[Row] = []
        self._upto = following.after
        self.number = following.after
        self.keys_away = False

    @property
    def shown(self) -> int:
        """The position in the reader's own numbers."""
        return self._view.position

    def overtaken(self, head: Head) -> Gap | None:
        """Pass over what is no longer kept, and tell of it; a phone counts only what it can read."""
        oldest, first = max(self._oldest, head.oldest), self.number + 1
        if first >= oldest or self._rows:
            return None
        self.number = oldest - 1
        self._view.reached(self.number)
        return None if self._counts_own else Gap(first, oldest - 1, oldest)

    async def take(self, ceiling: int, most: int) -> Sequence[Record]:
        """Give the next records, and stand behind them.

        Args:
            ceiling: the feed's number up to which may be read.
            most: how many records may be given, from 1.

        Returns:
            Some records; none when all that was looked at is passed over, or something is in the way.
        """
        if not self._rows and not await self._fetch(ceiling):
            return ()
        rows, view, taken = self._rows, self._view, list[Record]()
        while rows:
            row = rows[-1]
            shown = view.show(row)
            if shown is not None:
                # What has to be opened first holds nothing up that is ready.
                if len(taken) == most or (taken and shown.personal):
                    return taken
                record = await self._opened(shown) if shown.personal else self._plain(shown)
                if record is None:
                    return taken
                taken.append(record)
            view.passed(row)
            self.number = row.number
            rows.pop()
        self.number = self._upto
        view.reached(self._upto)
        return taken

    async def _fetch(self, ceiling: int) -> bool:
        """Take the next batch in hand; False: the reader was overtaken."""
        try:
            batch = await self._ring.after(self._part, self.number, ceiling)
        except Overtaken as gone:
            self._oldest = gone.oldest
            return False
        self._rows, self._upto = [*reversed(batch.rows)], batch.upto
        return True

    def _plain(self, shown: Shown) -> Record:
        return Record(shown.number, shown.prev, self._epoch, shown.body)

    async def _opened(self, shown: Shown) -> Record | None:
        """Write a record with its personal values; None while their keys are away."""
        try:
            body = await in_reader_thread(fill, shown.body, shown.personal)
        except KeysAway:
            self.keys_away = True
            return None
        self.keys_away = False
        return Record(shown.number, shown.prev, self._epoch, body, private=True)
