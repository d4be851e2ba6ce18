"""Whether streams may go on: their readers' credentials, and their holds on subscriptions.

Asked for all streams of a process together: with thousands open, one for each would be most of the work.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Mapping
from datetime import datetime
from weakref import WeakKeyDictionary

import structlog
from django.db import DatabaseError

from access.principals import Principal, Unauthorised, still_valid
from protocol.problems import Refused
from streaming.following.allowed import allow
from streaming.following.granted import Following
from streaming.following.pace import Pace
from streaming.following.subscriptions import Hold, Replaced, keep, replaced
from streaming.reading.threads import in_reader_thread
from streaming.reading.waking import Wakeup

__all__ = ["Standing", "Standings", "standings"]

_log = structlog.get_logger("vouch.feed")


class Standing:
    """One stream's. `ended` says why it must end, a key of `CLOSE_CODES`; empty: it may go on."""

    def __init__(self, following: Following, wakeup: Wakeup) -> None:
        self._following = following
        self._wakeup = wakeup
        self.principal = following.principal
        self.ends_at = following.principal.expires_at
        self.ended = ""

    @property
    def hold(self) -> Hold | None:
        """Its hold on a subscription."""
        return self._following.hold

    def ack(self, number: int, *, sent: int) -> None:
        """Hear that everything up to a number was stored by the reader.

        Raises:
            Refused: `invalid`: so much was never sent.
        """
        if number > sent:
            raise Refused("invalid", f"an ack names a record that was sent, up to {sent}", field="number")
        if self.hold is not None:
            self.hold.acked = max(self.hold.acked, number)

    def renew(self, principal: Principal) -> None:
        """Go on with another credential, of the same client and for all that is read here.

        Raises:
            Refused: `unauthorised` or `forbidden_scope`: it is somebody else's, or for less.
        """
        mine, part = self._following, self._following.part
        if (principal.client, principal.live) != (mine.principal.client, mine.principal.live):
            raise Unauthorised
        allow(principal, part, personal=mine.personal)
        self.principal, self.ends_at = principal, principal.expires_at

    def end(self, reason: str) -> None:
        """Have the stream end; the first reason holds."""
        self.ended = self.ended or reason
        self._wakeup.ring()


class Standings:
    """Those of all streams of one event loop that keep to one pace."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._open: set[Standing] = set()
        self._task: asyncio.Task[None] | None = None

    def open(self, following: Following, wakeup: Wakeup) -> Standing:
        """Begin to look at a stream's; its credential was looked at just now."""
        standing = Standing(following, wakeup)
        self._open.add(standing)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._watch())
        return standing

    async def close(self, standing: Standing) -> None:
        """Look at it no more, and store its last acks; without a database their records come again."""
        self._open.discard(standing)
        if standing.hold is not None and standing.hold.unsaved:
            with contextlib.suppress(DatabaseError, Replaced):
                await in_reader_thread(keep, standing.hold)

    async def _watch(self) -> None:
        """Look until no stream is open; the next one starts it again."""
        loop, pace = asyncio.get_running_loop(), self._pace
        looked_s = loop.time()
        while self._open:
            await asyncio.sleep(min(pace.save_s, pace.recheck_s))
            try:
                await self._save()
                if loop.time() >= looked_s + pace.recheck_s:
                    await self._look([*self._open])
                    await self._look_at_holds({s.hold.by: s for s in self._open if s.hold is not None})
                    looked_s = loop.time()
            except Exception as error:  # noqa: BLE001 - whatever it is, no stream goes on unlooked at
                _away(self._open, error)

    async def _save(self) -> None:
        for standing, hold in [(one, one.hold) for one in self._open if one.hold is not None]:
            if not hold.unsaved:
                continue
            try:
                await in_reader_thread(keep, hold)
            except Replaced:
                standing.end("replaced")
            except DatabaseError as error:
                _away([standing], error)

    async def _look(self, open_: Collection[Standing]) -> None:
        now = self._pace.clock()
        asked = {standing: standing.principal for standing in open_}
        ends = await in_reader_thread(still_valid, {*asked.values()}, now=now)
        for standing, principal in asked.items():
            # Who has come with a fresh credential meanwhile is not judged by the one before.
            if standing.principal is principal:
                _judge(standing, ends, now)

    async def _look_at_holds(self, holding: Mapping[str, Standing]) -> None:
        if not holding:
            return
        try:
            lost = await in_reader_thread(replaced, [s.hold for s in holding.values() if s.hold is not None])
        except DatabaseError as error:
            _away(holding.values(), error)
            return
        for by in lost:
            holding[by].end("replaced")


def _away(streams: Collection[Standing], error: Exception) -> None:
    """End streams of which cannot be told whether they may go on: they come back."""
    known = isinstance(error, DatabaseError)
    _log.warning("feed_away", streams=len(streams), error=type(error).__name__, exc_info=not known)
    for standing in streams:
        standing.end("feed_behind")


def _judge(standing: Standing, ends: dict[Principal, datetime | None], now: datetime) -> None:
    """End a stream whose credential has ended; when that will be may have come nearer since."""
    if standing.principal in ends:
        standing.ends_at = ends[standing.principal]
    else:
        over = standing.ends_at is not None and now >= standing.ends_at
        standing.end("expired" if over else "revoked")


_STANDINGS: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Pace, Standings]] = WeakKeyDictionary()


def standings(pace: Pace) -> Standings:
    """Give the running event loop's for a pace; the first call makes them."""
    of_loop = _STANDINGS.setdefault(asyncio.get_running_loop(), {})
    if pace not in of_loop:
        of_loop[pace] = Standings(pace)
    return of_loop[pace]
