"""Following from asynchronous code."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from inspect import isawaitable

import httpx

from vouch_feed.errors import Lost
from vouch_feed.frames import Record
from vouch_feed.metrics import Metrics
from vouch_feed.position import Position
from vouch_feed.session import Session
from vouch_feed.wish import Settings, Wish

__all__ = ["AsyncCredential", "AsyncFollower", "AsyncHandler"]

AsyncCredential = str | Callable[[], str | Awaitable[str]]
AsyncHandler = Callable[[Record, Position], Awaitable[None]]


class AsyncFollower:
    """Follows a feed: `async for record in follower`, or `await follower.run(handler)`. For one task, once.

    The position moves to a record when the next one is asked for, or the handler has returned. Both ways
    raise a `FeedError` when it is over for good.
    """

    def __init__(
        self,
        url: str,
        credential: AsyncCredential,
        wish: Wish | None = None,
        settings: Settings | None = None,
    ) -> None:
        """Take the server's address, and a key or a function that gives a key or ticket for each connection.

        Raises:
            UnsafeTransport: nothing may be sent to that address.
        """
        self._credential = credential
        self._session = Session(url, wish or Wish(), settings or Settings())

    @property
    def metrics(self) -> Metrics:
        """What was counted so far."""
        return self._session.core.metrics

    @property
    def position(self) -> Position | None:
        """Where it stands: the last record dealt with, heartbeat or gap; None: nothing was heard yet."""
        return self._session.core.position

    def stop(self) -> None:
        """End following after the record in hand; call it in the event loop."""
        self._session.stop()

    async def run(self, handler: AsyncHandler) -> None:
        """Hand each record on with its checkpoint; the handler's error ends it and moves nothing."""
        async with contextlib.aclosing(aiter(self)) as records:
            async for record in records:
                await handler(record, record.checkpoint)

    async def __aiter__(self) -> AsyncGenerator[Record, None]:
        session = self._session
        try:
            while not session.over:
                if not session.connected:
                    await session.pause()
                    await self._connect()
                for record in session.heard(await session.read()):
                    yield record
        finally:
            await session.close()

    async def _connect(self) -> None:
        if self._session.over:
            return
        try:
            shown = self._credential if isinstance(self._credential, str) else self._credential()
            credential = await shown if isawaitable(shown) else shown
        except (httpx.TransportError, OSError) as error:
            # Whoever gives tickets is away too.
            self._session.lose(Lost(repr(error)))
            return
        await self._session.connect(credential)
