"""Following from ordinary code."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Generator

import httpx

from vouch_feed.errors import Lost
from vouch_feed.frames import Record
from vouch_feed.metrics import Metrics
from vouch_feed.position import Position
from vouch_feed.session import Session
from vouch_feed.wish import Settings, Wish

__all__ = ["Credential", "Follower", "Handler"]

Credential = str | Callable[[], str]
Handler = Callable[[Record, Position], None]


class Follower:
    """Follows a feed: `for record in follower`, or `follower.run(handler)`. For one thread, once.

    The position moves to a record when the next one is asked for, or the handler has returned. Both ways
    raise a `FeedError` when it is over for good. The network is read on an event loop of its own, which
    does not run while the caller has a record in hand; inside a running loop use `AsyncFollower`.
    """

    def __init__(
        self, url: str, credential: Credential, wish: Wish | None = None, settings: Settings | None = None
    ) -> None:
        """Take the server's address, and a key or a function that gives a key or ticket for each connection.

        Raises:
            UnsafeTransport: nothing may be sent to that address.
        """
        self._credential = credential
        self._session = Session(url, wish or Wish(), settings or Settings())
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def metrics(self) -> Metrics:
        """What was counted so far."""
        return self._session.core.metrics

    @property
    def position(self) -> Position | None:
        """Where it stands: the last record dealt with, heartbeat or gap; None: nothing was heard yet."""
        return self._session.core.position

    def stop(self) -> None:
        """End following after the record in hand; from any thread, or a signal's handler."""
        self._session.over = True
        if self._loop is not None:
            # It may have been closed a moment ago, when following has ended.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._session.stop)

    def run(self, handler: Handler) -> None:
        """Hand each record on with its checkpoint; the handler's error ends it and moves nothing."""
        with contextlib.closing(iter(self)) as records:
            for record in records:
                handler(record, record.checkpoint)

    def __iter__(self) -> Generator[Record, None, None]:
        _refuse_inside_a_loop()
        session = self._session
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            try:
                while not session.over:
                    if not session.connected:
                        runner.run(session.pause())
                        self._connect(runner)
                    yield from session.heard(runner.run(session.read()))
            finally:
                runner.run(session.close())
                self._loop = None

    def _connect(self, runner: asyncio.Runner) -> None:
        if self._session.over:
            return
        try:
            credential = self._credential if isinstance(self._credential, str) else self._credential()
        except (httpx.TransportError, OSError) as error:
            # Whoever gives tickets is away too.
            self._session.lose(Lost(repr(error)))
            return
        runner.run(self._session.connect(credential))


def _refuse_inside_a_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError("an event loop is running here: use AsyncFollower")
