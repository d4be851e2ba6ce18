"""The newest records of a feed, held once for all readers of a process and bounded in bytes.

Who is further behind reads the database; readers that catch up side by side share what is read.
"""

from __future__ import annotations

import asyncio
from typing import Final
from weakref import WeakValueDictionary

from streaming.reading.feeds import Batch, Overtaken, Part, Row, read
from streaming.reading.threads import in_reader_thread

__all__ = ["Ring", "ring_in_use", "ring_of"]

_BUDGET_BYTES: Final = 512 * 1024
# Who is further behind than this reads the database, past the ring.
_NEAR: Final = 512
# So many batches of history are kept, each for a moment, for others who are at the same place.
_SHARED: Final = 8
_SHARED_S: Final = 0.25
_Place = tuple[Part, int]


class Ring:
    """Records (below, end] of one feed without a hole, so that a number is also a place in the list."""

    def __init__(self, feed: str, *, budget_bytes: int = _BUDGET_BYTES) -> None:
        self._whole = Part(feed=feed)
        self._budget_bytes = budget_bytes
        self._rows: list[Row] = []
        self._below = 0
        self._bytes = 0
        self._filling: asyncio.Future[None] | None = None
        self._history: dict[_Place, asyncio.Future[Batch]] = {}

    @property
    def _end(self) -> int:
        return self._below + len(self._rows)

    async def after(self, part: Part, number: int, head: int) -> Batch:
        """Give the part's records above a number, up to `head`: near the head from memory.

        Raises:
            Overtaken: see `streaming.reading.feeds.read`.
        """
        if head - number > _NEAR:
            return await self._from_history(part, number, head)
        if self._end < head:
            await self.bring(number, head)
        if number < self._below:
            return await in_reader_thread(read, part, number, head)
        rows = self._rows[number - self._below : head - self._below]
        return Batch(tuple(rows) if part.whole else tuple(row for row in rows if part.holds(row)), head)

    async def bring(self, number: int, head: int) -> None:
        """Have the records up to `head` in memory, for readers who stand at a number near it."""
        while self._end < head and head - number <= _NEAR:
            if self._filling is None or self._filling.done():
                self._filling = asyncio.ensure_future(self._fill_up(number, head))
                self._filling.add_done_callback(_hear)
            # Once for all who wait for it, and all go on together.
            await asyncio.shield(self._filling)

    async def _from_history(self, part: Part, number: int, head: int) -> Batch:
        """Read far behind the head, where a batch is full and the head says nothing; once for all who ask."""
        place = (part, number)
        reading = self._history.get(place)
        if reading is None:
            reading = asyncio.ensure_future(in_reader_thread(read, part, number, head))
            self._share(place, reading)
        # Who goes away meanwhile does not take it from the others.
        batch = await asyncio.shield(reading)
        # Another one may have been allowed to read further.
        return batch if batch.upto <= head else await in_reader_thread(read, part, number, head)

    def _share(self, place: _Place, reading: asyncio.Future[Batch]) -> None:
        while len(self._history) >= _SHARED:
            del self._history[next(iter(self._history))]
        self._history[place] = reading
        reading.add_done_callback(lambda done: self._forget_failed(place, done))
        asyncio.get_running_loop().call_later(_SHARED_S, self._forget, place, reading)

    def _forget_failed(self, place: _Place, reading: asyncio.Future[Batch]) -> None:
        if reading.cancelled() or reading.exception() is not None:
            self._forget(place, reading)

    def _forget(self, place: _Place, reading: asyncio.Future[Batch]) -> None:
        if self._history.get(place) is reading:
            del self._history[place]

    async def _fill_up(self, number: int, head: int) -> None:
        if head - self._end > _NEAR or (not self._rows and number < head):
            self._restart(number)
        while self._end < head:
            await self._fill(number, head)

    async def _fill(self, number: int, head: int) -> None:
        """Read on; where the ring itself was overtaken by retention, it begins anew with what is kept."""
        try:
            self._append(await in_reader_thread(read, self._whole, self._end, head))
        except Overtaken as gone:
            # A reader that was overtaken as well asks past the ring then, and is told there.
            self._restart(max(number, gone.oldest - 1))

    def _restart(self, number: int) -> None:
        self._rows, self._below, self._bytes = [], number, 0

    def _append(self, batch: Batch) -> None:
        """Add what was read; the oldest leave when there are too many bytes."""
        self._rows.extend(batch.rows)
        self._bytes += sum(len(row.body) for row in batch.rows)
        gone = 0
        while self._bytes > self._budget_bytes and gone < len(self._rows) - 1:
            self._bytes -= len(self._rows[gone].body)
            gone += 1
        del self._rows[:gone]
        self._below += gone


def _hear(filled: asyncio.Future[None]) -> None:
    """Take note of an error: whoever waited for it has it, or has gone."""
    if not filled.cancelled():
        filled.exception()


_RINGS: WeakValueDictionary[tuple[int, str, str], Ring] = WeakValueDictionary()


def ring_of(feed: str, epoch: str) -> Ring:
    """Give the running event loop's ring of a feed; it lives as long as somebody reads it.

    Each epoch has its own: a number may be another record then, and a stalled reader keeps an old ring alive.
    """
    ring = ring_in_use(feed, epoch)
    if ring is None:
        ring = _RINGS[_key(feed, epoch)] = Ring(feed)
    return ring


def ring_in_use(feed: str, epoch: str) -> Ring | None:
    """Give the running event loop's ring of a feed, if somebody reads it."""
    return _RINGS.get(_key(feed, epoch))


def _key(feed: str, epoch: str) -> tuple[int, str, str]:
    return id(asyncio.get_running_loop()), feed, epoch
