"""One watcher of the feed's database in each process: it wakes the readers whose feed's head has moved.

It looks only while somebody waits, and carries no data: a reader that was never woken would still find its
records at its next look.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from weakref import WeakKeyDictionary

from django.db import DatabaseError

from streaming.reading.feeds import Head
from streaming.reading.ring import Ring, ring_in_use
from streaming.reading.waking import Wakeup
from streaming.reading.watching import FeedAway, Seen, Watch, watch_of

__all__ = ["Tailer", "leave", "tailer"]


class Tailer:
    """Knows the head of each feed, a few milliseconds late, and lets readers wait for the next record.

    `behind` turns true when the database cannot be read: readers end with "feed behind" and come back. Who
    can open a stream again turns it off.
    `leaving` turns true when the process ends: readers say goodbye.
    """

    def __init__(self, watch: Watch) -> None:
        self._see = watch
        self._heads: dict[str, Head] = {}
        self._waiting: dict[str, dict[Wakeup, float]] = {}
        self._task: asyncio.Task[None] | None = None
        self._bringing: set[asyncio.Task[None]] = set()
        self.behind = False
        self.leaving = False

    def join(self, feed: str, head: Head) -> None:
        """Take in what a new reader has just read: without a watch, what is known here may be of long ago."""
        if self._task is None or self._task.done():
            self.behind = False
            self._heads[feed] = head

    async def moved(self, feed: str, number: float, wakeup: Wakeup, until_s: float) -> None:
        """Sleep until a feed's head lies above a number, or somebody else rings, or the moment has come.

        Args:
            feed: whose head.
            number: the last one that is known; infinite: no record is waited for.
            wakeup: of the reader.
            until_s: the moment, by the event loop's clock.
        """
        self._watch()
        # Nothing is awaited between this look and the entry into the waiting list: no wake-up is lost.
        if self._above(feed, number) or self.behind or self.leaving:
            return
        self._waiting.setdefault(feed, {})[wakeup] = number
        try:
            await wakeup.sleep(until_s)
        finally:
            self._forget(feed, wakeup)

    def head(self, known: Head, feed: str) -> Head:
        """Tell where a feed stands: as last seen, or as the reader knows it when nothing newer was seen."""
        seen = self._heads.get(feed)
        if seen is None or (seen.epoch == known.epoch and seen.head < known.head):
            return known
        return seen

    def leave(self) -> None:
        """Let every reader say goodbye: the process ends."""
        self.leaving = True
        self._ring_all()

    def _watch(self) -> None:
        if self._task is None or self._task.done():
            self.behind = False
            self._task = asyncio.get_running_loop().create_task(self._follow())

    async def _follow(self) -> None:
        """Watch until nobody has waited for a while; the next reader starts it again."""
        await self._stay()
        # Who began to wait while the database was being let go of started no watch: this one was still there.
        while self._waiting and not self.behind:
            await self._stay()

    async def _stay(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            wanted_s = loop.time()
            while self._waiting or loop.time() - wanted_s < self._see.idle_s:
                seen = await self._see.look()
                if seen is not None:
                    self._take_in(seen)
                await asyncio.sleep(self._see.rest_s)
                wanted_s = loop.time() if self._waiting else wanted_s
        except FeedAway:
            self.behind = True
            self._ring_all()
        finally:
            await self._see.close()

    def _take_in(self, seen: Seen) -> None:
        if seen.whole:
            for gone in self._heads.keys() - seen.heads.keys():
                del self._heads[gone]
        for feed, head in seen.heads.items():
            before = self._heads.get(feed)
            if head != before:
                self._heads[feed] = head
                restored = before is not None and before.epoch != head.epoch
                self._wake(feed, head, everybody=restored)

    def _wake(self, feed: str, head: Head, *, everybody: bool) -> None:
        """Wake the readers for whom there is something, once it is in memory."""
        waiting = self._waiting.get(feed, {})
        woken = {wakeup: number for wakeup, number in waiting.items() if everybody or head.head > number}
        ring = None if everybody or not woken else ring_in_use(feed, head.epoch)
        if ring is None:
            _ring(woken)
            return
        task = asyncio.get_running_loop().create_task(_bring_and_ring(ring, head, woken))
        self._bringing.add(task)
        task.add_done_callback(self._bringing.discard)

    def _above(self, feed: str, number: float) -> bool:
        seen = self._heads.get(feed)
        return seen is not None and seen.head > number

    def _ring_all(self) -> None:
        for wakeups in self._waiting.values():
            _ring(wakeups)

    def _forget(self, feed: str, wakeup: Wakeup) -> None:
        wakeups = self._waiting[feed]
        del wakeups[wakeup]
        if not wakeups:
            del self._waiting[feed]


async def _bring_and_ring(ring: Ring, head: Head, woken: Mapping[Wakeup, float]) -> None:
    """Read for all at once; what stands in the way of that each reader finds, and tells, by itself."""
    try:
        with contextlib.suppress(DatabaseError, LookupError):
            await ring.bring(int(min(woken.values())), head.head)
    finally:
        _ring(woken)


def _ring(wakeups: Iterable[Wakeup]) -> None:
    for wakeup in wakeups:
        wakeup.ring()


_TAILERS: WeakKeyDictionary[asyncio.AbstractEventLoop, Tailer] = WeakKeyDictionary()


def tailer() -> Tailer:
    """Give the running event loop's watcher; the first call makes it."""
    loop = asyncio.get_running_loop()
    if loop not in _TAILERS:
        _TAILERS[loop] = Tailer(watch_of("feed"))
    return _TAILERS[loop]


def leave() -> None:
    """Let every open stream of the running event loop end with a goodbye; for when the process should end."""
    found = _TAILERS.get(asyncio.get_running_loop())
    if found is not None:
        found.leave()
