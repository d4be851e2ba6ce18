"""One stream to one reader: a cursor that asks "what is after it?", in history and live alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import structlog
from django.db import DatabaseError

from events.errors import KeysAway
from streaming.credit import Credit
from streaming.delivery import Delivery
from streaming.feeds import Head, Overtaken
from streaming.granted import Following
from streaming.pace import Pace, Timer
from streaming.personal import fill
from streaming.ring import in_reader_thread, ring_of
from streaming.standing import Standing
from streaming.tailer import Tailer
from streaming.views import Shown
from streaming.wire.frames import Bye, FallingBehind, Frame, Gap, Heartbeat, Record, Welcome

__all__ = ["Pump"]

_KEYS_AWAY_S: Final = 0.5
_SPREAD_MS: Final = 30_000

_log = structlog.get_logger("vouch.feed")


class Pump:
    """Yields the frames of one stream; afterwards `ended` says why, a key of `frames.CLOSE_CODES`.

    `leave` it in any case: what the reader acknowledged last is stored then.
    """

    def __init__(
        self,
        following: Following,
        tailer: Tailer,
        pace: Pace,
        credit: Credit | None = None,
        delivery: Delivery | None = None,
    ) -> None:
        self._following = following
        self._tailer = tailer
        self._pace = pace
        self._credit = credit or Credit()
        self._timer = Timer(pace, following.asked.wait_s)
        self._ring = ring_of(following.part.feed, following.head.epoch)
        self._cursor = following.after
        self._oldest = following.head.oldest
        self._sent = 0
        self._keys_away = False
        self.standing = Standing(following, pace)
        self._delivery = delivery
        self.ended = "done"

    @property
    def position(self) -> int:
        """The reader's last number passed: an ack beyond it is refused."""
        return self._following.view.position

    async def frames(self) -> AsyncIterator[Frame]:
        """Give frame after frame until the wish is fulfilled or the stream is cut."""
        self._tailer.join(self._following.part.feed, self._following.head)
        yield self._welcome()
        try:
            async for frame in self._until_cut():
                yield frame
        except DatabaseError as error:
            _log.warning("feed_away", feed=self._following.part.feed, error=type(error).__name__)
            self.ended = "feed_behind"
        if self.ended != "done":
            yield self._goodbye()

    def ack(self, number: int) -> None:
        """Hear that everything up to a number was stored by the reader.

        Raises:
            Refused: `invalid`: so much was never sent.
        """
        self.standing.ack(number, sent=self.position)
        if self._delivery is not None:
            self._delivery.acked(number)

    async def leave(self) -> None:
        """Let go: the reader has gone, or was told goodbye."""
        await self.standing.leave()

    async def _until_cut(self) -> AsyncIterator[Frame]:
        while (reason := await self._cut()) is None:
            if (gap := self._overtaken()) is not None:
                yield gap
            async for frame in self._records():
                self._timer.spoke(record=True)
                yield frame
            if self._fulfilled:
                return
            if self._cursor >= self._ceiling or self._keys_away or self._credit.spent:
                await self._rest()
            # Also on the way through history: what is passed over sends nothing.
            if self._timer.heartbeat_due:
                self._timer.spoke(record=False)
                yield Heartbeat(self.position, self._shown_head)
        self.ended = reason

    def _welcome(self) -> Welcome:
        return Welcome(
            head=self._following.shown_head,
            first=self._following.first,
            heartbeat_s=self._pace.heartbeat_s,
            ends_at=self._following.principal.expires_at,
            max_age_s=self._pace.max_age_s,
        )

    def _goodbye(self) -> Bye | FallingBehind:
        after_ms = int(self._pace.random_01() * _SPREAD_MS)
        return FallingBehind(after_ms) if self.ended == "feed_behind" else Bye(self.ended, after_ms)

    @property
    def _head(self) -> Head:
        return self._tailer.head(self._following.head, self._following.part.feed)

    @property
    def _ceiling(self) -> int:
        """The last number to send for now: with `until=caught_up` never beyond the head of the beginning."""
        start = self._following.head.head
        return start if self._following.asked.until_caught_up else max(start, self._head.head)

    @property
    def _shown_head(self) -> int:
        """The head in the reader's own numbers; a phone's is what it has seen."""
        own = self._following.principal.kind == "case"
        return max(self.position, self._following.shown_head.head) if own else self._head.head

    @property
    def _fulfilled(self) -> bool:
        asked = self._following.asked
        if asked.limit is not None and self._sent >= asked.limit:
            return True
        if self._cursor < self._ceiling:
            return self._keys_away and self._timer.waited
        return asked.until_caught_up or self._timer.waited

    def _overtaken(self) -> Gap | None:
        """Pass over what is no longer kept, and tell it; a phone counts only what it can read."""
        oldest, first = max(self._oldest, self._head.oldest), self._cursor + 1
        if first >= oldest:
            return None
        self._cursor = oldest - 1
        self._following.view.reached(self._cursor)
        if self._following.principal.kind == "case":
            return None
        gap = Gap(first, oldest - 1, oldest)
        if self._delivery is not None:
            self._delivery.gap(from_=gap.first, to=gap.last, oldest=gap.oldest, reason=gap.reason)
        return gap

    async def _records(self) -> AsyncIterator[Frame]:
        """Give the records of one batch; the cursor follows each one that was handed out."""
        if self._cursor >= self._ceiling or self._credit.spent:
            return
        view = self._following.view
        try:
            batch = await self._ring.after(self._following.part, self._cursor, self._ceiling)
        except Overtaken as gone:
            self._oldest = gone.oldest
            return
        for row in batch.rows:
            shown = view.show(row)
            if shown is not None and self._credit.spent:
                return
            frame = None if shown is None else await self._frame(shown)
            if self._keys_away:
                return
            view.passed(row)
            self._cursor = row.number
            if frame is not None:
                self._sent += 1
                self._credit.spend()
                if self._delivery is not None:
                    self._delivery.sent(frame.number)
                yield frame
                if self._sent == self._following.asked.limit:
                    return
        self._cursor = batch.upto
        view.reached(batch.upto)

    async def _frame(self, shown: Shown) -> Record | None:
        """Write the frame of a record; None while the keys of its personal values are away."""
        body = shown.body
        self._keys_away = False
        if shown.personal:
            try:
                body = await in_reader_thread(fill, body, shown.personal)
            except KeysAway:
                self._keys_away = True
                return None
        return Record(shown.number, shown.prev, self._following.head.epoch, body)

    async def _rest(self) -> None:
        """Wait until something may be due; a record that needs keys is tried again soon."""
        rest_s = self._timer.rest_s(hurry=self.standing.unsaved)
        if self._keys_away:
            await asyncio.sleep(min(_KEYS_AWAY_S, rest_s))
        elif self._cursor < self._ceiling:
            await self._credit.wait(rest_s)
        else:
            await self._tailer.moved(self._following.part.feed, self._cursor, rest_s)

    async def _cut(self) -> str | None:
        """Tell why the stream must end now; None: it goes on."""
        if self._tailer.leaving:
            return "shutdown"
        if self._tailer.behind:
            return "feed_behind"
        if self._head.epoch != self._following.head.epoch:
            return "epoch_changed"
        if self._timer.check_due(hurry=self.standing.unsaved):
            self._timer.checked()
            if (reason := await self.standing.check()) is not None:
                return reason
        return "max_age" if self._timer.too_old else None
