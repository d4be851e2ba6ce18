"""One stream to one reader: a cursor that asks "what is after it?", in history and live alike."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import Final

import structlog
from django.db import DatabaseError

from streaming.deliveries.delivery import Delivery
from streaming.following.credit import Credit
from streaming.following.cursor import MOST, Cursor
from streaming.following.granted import Following
from streaming.following.pace import Pace, Timer
from streaming.following.standing import standings
from streaming.reading.feeds import Head
from streaming.reading.tailer import Tailer
from streaming.reading.waking import Wakeup
from streaming.wire.frames import Bye, FallingBehind, Frame, Gap, Heartbeat, Record, Welcome

__all__ = ["Pump"]

_KEYS_AWAY_S: Final = 0.5
_SPREAD_MS: Final = 30_000

_log = structlog.get_logger("vouch.feed")


class Pump:
    """Gives the frames of one stream; afterwards `ended` says why, a key of `frames.CLOSE_CODES`.

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
        self._wakeup = Wakeup()
        self._credit = credit or Credit()
        self._credit.wakeup = self._wakeup
        self._timer = Timer(pace, following.asked.wait_s)
        self._cursor = Cursor(following)
        self._left = math.inf if following.asked.limit is None else following.asked.limit
        self._delivery = delivery
        self._begun = self._over = False
        self.standing = standings(pace).open(following, self._wakeup)
        self.ended = "done"

    @property
    def position(self) -> int:
        """The reader's last number passed: an ack beyond it is refused."""
        return self._cursor.shown

    async def frames(self) -> Sequence[Frame]:
        """Wait for what is to be sent next, a few frames; none: the stream is over, and `ended` says why."""
        if not self._begun:
            self._begun = True
            self._tailer.join(self._following.part.feed, self._following.head)
            return (self._welcome(),)
        if self._over:
            return ()
        try:
            frames = await self._next()
        except DatabaseError as error:
            _log.warning("feed_away", feed=self._following.part.feed, error=type(error).__name__)
            self.ended, frames = "feed_behind", ()
        if frames:
            return frames
        self._over = True
        return () if self.ended == "done" else (self._goodbye(),)

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
        self._wakeup.close()
        await standings(self._pace).close(self.standing)

    async def _next(self) -> Sequence[Frame]:
        """Wait for frames; none: the wish is fulfilled, or `ended` says why the stream is cut."""
        cursor, credit, timer = self._cursor, self._credit, self._timer
        while not (reason := self._cut(head := self._head)):
            if (gap := cursor.overtaken(head)) is not None:
                return self._told_of(gap)
            ceiling = self._ceiling(head)
            if cursor.number < ceiling and not credit.spent and self._left:
                most = min(MOST, credit.left, self._left)
                if records := await cursor.take(ceiling, int(most)):
                    return self._handed_on(records)
            if self._fulfilled(ceiling):
                return ()
            if cursor.number >= ceiling or credit.spent or cursor.keys_away:
                await self._rest(ceiling)
            # Also on the way through history: what is passed over sends nothing.
            if timer.heartbeat_due:
                timer.spoke(record=False)
                return (Heartbeat(self.position, self._shown_head),)
        self.ended = reason
        return ()

    def _handed_on(self, records: Sequence[Record]) -> Sequence[Record]:
        self._timer.spoke(record=True)
        self._credit.spend(len(records))
        self._left -= len(records)
        if self._delivery is not None:
            self._delivery.sent(records[-1].number)
        return records

    def _told_of(self, gap: Gap) -> Sequence[Gap]:
        if self._delivery is not None:
            self._delivery.gap(from_=gap.first, to=gap.last, oldest=gap.oldest, reason=gap.reason)
        return (gap,)

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

    def _ceiling(self, head: Head) -> int:
        """Give the last number to send for now: with `until=caught_up` never beyond the first head."""
        start = self._following.head.head
        return start if self._following.asked.until_caught_up else max(start, head.head)

    @property
    def _shown_head(self) -> int:
        """The head in the reader's own numbers; a phone's is what it has seen."""
        own = self._following.principal.kind == "case"
        return max(self.position, self._following.shown_head.head) if own else self._head.head

    def _fulfilled(self, ceiling: int) -> bool:
        if not self._left:
            return True
        if self._cursor.number < ceiling:
            return self._cursor.keys_away and self._timer.waited
        return self._following.asked.until_caught_up or self._timer.waited

    async def _rest(self, ceiling: int) -> None:
        """Wait until something may be due; a record that needs keys is tried again soon."""
        until_s = self._timer.due_s
        if self._cursor.keys_away:
            until_s = min(until_s, asyncio.get_running_loop().time() + _KEYS_AWAY_S)
        # Who has some before it but cannot go on, for want of credit or keys, waits for no other.
        number = math.inf if self._cursor.number < ceiling else self._cursor.number
        await self._tailer.moved(self._following.part.feed, number, self._wakeup, until_s)

    def _cut(self, head: Head) -> str:
        """Tell why the stream must end now; empty: it goes on."""
        if self._tailer.leaving:
            return "shutdown"
        if self._tailer.behind:
            return "feed_behind"
        if head.epoch != self._following.head.epoch:
            return "epoch_changed"
        return self.standing.ended or ("max_age" if self._timer.too_old else "")
