"""One stream to one reader: a cursor that asks "what is after it?", in history and live alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import structlog
from django.db import DatabaseError

from access.principals import Principal, Unauthorised, authenticate
from events.errors import KeysAway
from streaming import frames
from streaming.asking import Asked
from streaming.feeds import Head, Part
from streaming.pace import Pace, Timer
from streaming.personal import fill
from streaming.ring import in_reader_thread, ring_of
from streaming.tailer import Tailer
from streaming.views import Shown, View

__all__ = ["Following", "Pump"]

_KEYS_AWAY_S = 0.5
_SPREAD_MS = 30_000

_log = structlog.get_logger("vouch.feed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """A wish that was granted: who reads, which part from where, and how it looks to them.

    `after` is the number of the feed above which reading starts; `first` the reader's own first number.
    """

    header: str
    principal: Principal
    part: Part
    view: View
    asked: Asked
    head: Head
    after: int
    first: int
    shown_head: Head


class Pump:
    """Yields the frames of one stream; afterwards `ended` says why, a key of `frames.CLOSE_CODES`."""

    def __init__(self, following: Following, tailer: Tailer, pace: Pace) -> None:
        self._following = following
        self._tailer = tailer
        self._pace = pace
        self._timer = Timer(pace, following.asked.wait_s)
        self._ring = ring_of(following.part.feed, following.head.epoch)
        self._cursor = following.after
        self._sent = 0
        self._keys_away = False
        self._ends_at = following.principal.expires_at
        self.ended = "done"

    @property
    def position(self) -> int:
        """The reader's last number passed: an ack beyond it is refused."""
        return self._following.view.position

    async def frames(self) -> AsyncIterator[bytes]:
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
            yield frames.bye(self.ended, retry_after_ms=int(self._pace.random_01() * _SPREAD_MS))

    async def _until_cut(self) -> AsyncIterator[bytes]:
        while (reason := await self._cut()) is None:
            async for frame in self._records():
                self._timer.spoke(record=True)
                yield frame
            if self._fulfilled:
                return
            if self._cursor >= self._ceiling or self._keys_away:
                await self._rest()
            # Also on the way through history: what is passed over sends nothing.
            if self._timer.heartbeat_due:
                self._timer.spoke(record=False)
                yield frames.heartbeat(self.position, self._shown_head)
        self.ended = reason

    def _welcome(self) -> bytes:
        return frames.welcome(
            self._following.shown_head,
            first=self._following.first,
            heartbeat_s=self._pace.heartbeat_s,
            ends_at=self._following.principal.expires_at,
            max_age_s=self._pace.max_age_s,
        )

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

    async def _records(self) -> AsyncIterator[bytes]:
        """Give the records of one batch; the cursor follows each one that was handed out."""
        if self._cursor >= self._ceiling:
            return
        view = self._following.view
        batch = await self._ring.after(self._following.part, self._cursor, self._ceiling)
        for row in batch.rows:
            shown = view.show(row)
            frame = None if shown is None else await self._frame(shown)
            if self._keys_away:
                return
            view.passed(row)
            self._cursor = row.number
            if frame is not None:
                self._sent += 1
                yield frame
                if self._sent == self._following.asked.limit:
                    return
        self._cursor = batch.upto
        view.reached(batch.upto)

    async def _frame(self, shown: Shown) -> bytes | None:
        """Write the frame of a record; None while the keys of its personal values are away."""
        body = shown.body
        self._keys_away = False
        if shown.personal:
            try:
                body = await in_reader_thread(fill, body, shown.personal)
            except KeysAway:
                self._keys_away = True
                return None
        return frames.record(shown, body, self._following.head.epoch)

    async def _rest(self) -> None:
        """Wait until something may be due; a record that needs keys is tried again soon."""
        if self._keys_away:
            await asyncio.sleep(min(_KEYS_AWAY_S, self._timer.rest_s))
            return
        await self._tailer.moved(self._following.part.feed, self._cursor, self._timer.rest_s)

    async def _cut(self) -> str | None:
        """Tell why the stream must end now; None: it goes on."""
        if self._tailer.leaving:
            return "shutdown"
        if self._tailer.behind:
            return "feed_behind"
        if self._head.epoch != self._following.head.epoch:
            return "epoch_changed"
        if self._timer.check_due:
            self._timer.checked()
            if (reason := await in_reader_thread(self._credential_ended)) is not None:
                return reason
        return "max_age" if self._timer.too_old else None

    def _credential_ended(self) -> str | None:
        """Tell whether who asks may still, and how not; when that ends may have come nearer since."""
        now = self._pace.clock()
        try:
            self._ends_at = authenticate(self._following.header, now=now).expires_at
        except Unauthorised:
            return "expired" if self._ends_at is not None and now >= self._ends_at else "revoked"
        return None
