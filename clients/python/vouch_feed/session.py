"""Connections, one after another, as long as it takes: what both followers do between two records."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from typing import TypeVar

from vouch_feed.connection import Connection
from vouch_feed.core import Core
from vouch_feed.errors import Lost
from vouch_feed.frames import Record
from vouch_feed.wish import Settings, Wish

__all__ = ["Session"]

_T = TypeVar("_T")


class Session:
    """Repeat until `over`: when not `connected`, `pause` and `connect`; then `heard(await read())`."""

    def __init__(self, url: str, wish: Wish, settings: Settings) -> None:
        """Check the address.

        Raises:
            UnsafeTransport: nothing may be sent there.
        """
        self.core = Core(wish, settings)
        self.connected = False
        self.over = False
        self._connection = Connection(url, wish, settings)
        self._stopped = asyncio.Event()
        self._wait_s = 0.0

    def stop(self) -> None:
        """End it, also in the middle of a wait; call it in the event loop that it runs on."""
        self.over = True
        self._stopped.set()

    async def pause(self) -> None:
        """Wait as long as it must be before the next connection."""
        await self._connection.end()
        await self._or_stopped(asyncio.sleep(self._wait_s))

    async def connect(self, credential: str) -> None:
        """Try to connect; afterwards it is `connected`, or not.

        Raises:
            FeedError: it is over for good.
        """
        try:
            await self._or_stopped(self._connection.open(self.core, credential))
            self.connected = not self.over
        except Lost as lost:
            self.lose(lost)

    async def read(self) -> list[bytes]:
        """Wait for lines; none when the connection is over, or everything is."""
        if not self.connected:
            return []
        try:
            lines = await self._or_stopped(self._connection.read(self.core))
            if lines is None and not self.over:
                self._end()
        except Lost as lost:
            self.lose(lost)
            return []
        return lines or []

    def heard(self, lines: list[bytes]) -> Iterator[Record]:
        """Give the records to hand on; the position moves to each when the next one is asked for.

        Raises:
            FeedError: it is over for good.
        """
        try:
            for line in lines:
                record = self.core.hear(line)
                if record is not None:
                    yield record
                    self.core.handed_on(record)
                    self.over = self.over or self.core.fulfilled
                if self.over:
                    return
        except Lost as lost:
            self.lose(lost)

    def lose(self, lost: Lost) -> None:
        """Take in that the connection is over, or none could be made."""
        self.connected = False
        self._wait_s = self.core.wait_s(lost.retry_after_s)

    async def close(self) -> None:
        """Let go of the server."""
        self.connected = False
        self.core.closed()
        await self._connection.close()

    def _end(self) -> None:
        if not self.core.ended():
            raise Lost("the response ended")
        self.over = True

    async def _or_stopped(self, work: Coroutine[None, None, _T]) -> _T | None:
        """Do some work; None: told to stop before it was done."""
        working = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self._stopped.wait())
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return working.result() if working.done() else None
        finally:
            working.cancel()
            stopping.cancel()
            await asyncio.gather(working, stopping, return_exceptions=True)
