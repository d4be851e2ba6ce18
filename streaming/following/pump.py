"""One stream to one reader: a cursor that asks "what is after it?", in history and live alike."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import Final

import structlog
from django.db import DatabaseError

from events.errors import KeysAway
from streaming.deliveries.delivery import Delivery
from streaming.following.credit import Credit
from streaming.following.granted import Following
from streaming.following.pace import Pace, Timer
from streaming.following.standing import standings
from streaming.following.views import Shown
from streaming.personal import fill
from streaming.reading.feeds import Head, Overtaken, Row
from streaming.reading.ring import ring_of
from streaming.reading.tailer import Tailer
from streaming.reading.threads import in_reader_thread
from streaming.reading.waking import Wakeup
from streaming.wire.frames import Bye, FallingBehind, Frame, Gap, Heartbeat, Record, Welcome

__all__ = ["Pump"]

_KEYS_AWAY_S: Final = 0.5
_SPREAD_MS: Final = 30_000
# So many records are handed on together at most.
_TOGETHER: Final = 64

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
        self._ring = ring_of(following.part.feed, following.head.epoch)
        self._cursor = following.after
        self._oldest = following.head.oldest
        # Of the batch in hand what was not taken yet, the next one last; nothing else lies up to `upto`.
        self._rows: list[Row] = []
        self._upto = following.after
        self._sent = 0
        self._keys_away = self._begun = self._over = False
        self._delivery = delivery
        self.standing = standings(pace).open(following, self._wakeup)
        self.ended = "done"

    @property
    def position(self) -> int:
        """The reader's last number passed: an ack beyond it is refused."""
        return self._following.view.position

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
        if not frames:
            self._over = True
            return () if self.ended == "done" else (self._goodbye(),)
        return frames

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
        while not (reason := self._cut()):
            if not self._rows and (gap := self._overtaken()) is not None:
                return (gap,)
            if self._may_send and (records := await self._records()):
                self._timer.spoke(record=True)
                return records
            if self._fulfilled:
                return ()
            if not self._may_send or self._keys_away:
                await self._rest()
            # Also on the way through history: what is passed over sends nothing.
            if self._timer.heartbeat_due:
                self._timer.spoke(record=False)
                return (Heartbeat(self.position, self._shown_head),)
        self.ended = reason
        return ()

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
    def _may_send(self) -> bool:
        """There is something to read, and the reader wants it."""
        return self._cursor < self._ceiling and not self._credit.spent

    @property
    def _fulfilled(self) -> bool:
        if self._sent == self._following.asked.limit:
            return True
        if self._cursor < self._ceiling:
            return self._keys_away and self._timer.waited
        return self._following.asked.until_caught_up or self._timer.waited

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

    async def _records(self) -> Sequence[Record]:
        """Take some records of the batch in hand, or of the next one; the cursor follows each one taken."""
        if not self._rows and not await self._fetch():
            return ()
        view, ready = self._following.view, list[Record]()
        while self._rows:
            row = self._rows[-1]
            shown = view.show(row)
            if shown is not None:
                # What has to be opened first holds nothing up that is ready.
                if self._enough(ready) or (ready and shown.personal):
                    break
                record = await self._record(shown)
                if record is None:
                    break
                ready.append(record)
                self._sent += 1
                self._credit.spend()
            view.passed(row)
            self._cursor = row.number
            self._rows.pop()
        else:
            self._cursor = self._upto
            view.reached(self._upto)
        if ready and self._delivery is not None:
            self._delivery.sent(ready[-1].number)
        return ready

    async def _fetch(self) -> bool:
        """Take the next batch in hand, the last record first; False: the reader was overtaken."""
        try:
            batch = await self._ring.after(self._following.part, self._cursor, self._ceiling)
        except Overtaken as gone:
            self._oldest = gone.oldest
            return False
        self._rows, self._upto = [*reversed(batch.rows)], batch.upto
        return True

    def _enough(self, ready: Sequence[Record]) -> bool:
        """No more can be handed on with these."""
        full = len(ready) == _TOGETHER or self._credit.spent
        return full or self._sent == self._following.asked.limit

    async def _record(self, shown: Shown) -> Record | None:
        """Write a record's frame; None while the keys of its personal values are away."""
        epoch, self._keys_away = self._following.head.epoch, False
        if not shown.personal:
            return Record(shown.number, shown.prev, epoch, shown.body)
        try:
            body = await in_reader_thread(fill, shown.body, shown.personal)
        except KeysAway:
            self._keys_away = True
            return None
        return Record(shown.number, shown.prev, epoch, body, private=True)

    async def _rest(self) -> None:
        """Wait until something may be due; a record that needs keys is tried again soon."""
        feed, until_s = self._following.part.feed, self._timer.due_s
        if self._keys_away:
            until_s = min(until_s, asyncio.get_running_loop().time() + _KEYS_AWAY_S)
        # Who has all but cannot go on, for want of credit or keys, waits for no record.
        number = math.inf if self._cursor < self._ceiling else self._cursor
        await self._tailer.moved(feed, number, self._wakeup, until_s)

    def _cut(self) -> str:
        """Tell why the stream must end now; empty: it goes on."""
        if self._tailer.leaving:
            return "shutdown"
        if self._tailer.behind:
            return "feed_behind"
        if self._head.epoch != self._following.head.epoch:
            return "epoch_changed"
        return self.standing.ended or ("max_age" if self._timer.too_old else "")
