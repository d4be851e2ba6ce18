"""The newest records of a feed, held once for all readers of a process and bounded in bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar
from weakref import WeakValueDictionary

from django.db import DatabaseError, close_old_connections

from streaming.feeds import Batch, Overtaken, Part, Row, read

__all__ = ["Ring", "in_reader_thread", "ring_of"]

_P = ParamSpec("_P")
_T = TypeVar("_T")
_BUDGET_BYTES: Final = 512 * 1024
# Who is further behind than this reads the database, past the ring.
_NEAR: Final = 512
# Few threads: a herd that catches up queues here and leaves the live readers their processor.
_THREADS: Final = ThreadPoolExecutor(2, thread_name_prefix="feed-read")


async def in_reader_thread(call: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Ask a database in one of the reader threads; the event loop goes on meanwhile."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, lambda: _ask(call, *args, **kwargs))


def _ask(call: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Ask, and do not keep a connection that broke: no request's end closes it for this thread."""
    try:
        return call(*args, **kwargs)
    except DatabaseError:
        close_old_connections()
        raise


class Ring:
    """Records (below, end] of one feed without a hole, so that a number is also a place in the list."""

    def __init__(self, feed: str, *, budget_bytes: int = _BUDGET_BYTES) -> None:
        self._whole = Part(feed=feed)
        self._budget_bytes = budget_bytes
        self._rows: list[Row] = []
        self._below = 0
        self._bytes = 0
        self._filling = asyncio.Lock()

    @property
    def _end(self) -> int:
        return self._below + len(self._rows)

    async def after(self, part: Part, number: int, head: int) -> Batch:
        """Give the part's records above a number, up to `head`: near the head from memory.

        Raises:
            Overtaken: see `streaming.feeds.read`.
        """
        if head - number > _NEAR:
            return await in_reader_thread(read, part, number, head)
        async with self._filling:
            if head - self._end > _NEAR or (not self._rows and number < head):
                self._restart(number)
            while self._end < head:
                await self._fill(number, head)
        if number < self._below:
            return await in_reader_thread(read, part, number, head)
        rows = self._rows[number - self._below : head - self._below]
        return Batch(tuple(row for row in rows if part.holds(row)), head)

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


_RINGS: WeakValueDictionary[tuple[int, str, str], Ring] = WeakValueDictionary()


def ring_of(feed: str, epoch: str) -> Ring:
    """Give the running event loop's ring of a feed; it lives as long as somebody reads it.

    Each epoch has its own: a number may be another record then, and a stalled reader keeps an old ring alive.
    """
    key = (id(asyncio.get_running_loop()), feed, epoch)
    ring = _RINGS.get(key)
    if ring is None:
        ring = _RINGS[key] = Ring(feed)
    return ring
