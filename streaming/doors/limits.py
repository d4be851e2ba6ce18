"""How many streams may be open at once in one process: of one client, and of those who have not said who."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from weakref import WeakKeyDictionary

from django.conf import settings

from protocol.problems import Refused

__all__ = ["Streams", "streams"]

# A handshake that never says hello costs a socket until its time is over.
_MOST_STRANGERS: Final = 500
_COME_BACK_S: Final = 10


class Streams:
    """Counts the open streams of one event loop."""

    def __init__(self, *, of_a_client: int, strangers: int = _MOST_STRANGERS) -> None:
        self._most, self._most_strangers = of_a_client, strangers
        self._open: Counter[str] = Counter()
        self._strangers = 0

    @contextmanager
    def of(self, client: str) -> Iterator[None]:
        """Hold one of a client's streams.

        Raises:
            Refused: `rate_limited`: it has as many as it may have.
        """
        if self._open[client] >= self._most:
            raise Refused(
                "rate_limited",
                f"{self._most} streams of yours are open here: close some, or read more on each",
                retry_after=_COME_BACK_S,
            )
        self._open[client] += 1
        try:
            yield
        finally:
            self._open[client] -= 1
            if not self._open[client]:
                del self._open[client]

    @contextmanager
    def stranger(self) -> Iterator[None]:
        """Hold a place of those who have yet to say who they are.

        Raises:
            Refused: `unavailable`: too many have not.
        """
        if self._strangers >= self._most_strangers:
            raise Refused(
                "unavailable", "too many sockets have not said hello; come back", retry_after=_COME_BACK_S
            )
        self._strangers += 1
        try:
            yield
        finally:
            self._strangers -= 1


_STREAMS: WeakKeyDictionary[asyncio.AbstractEventLoop, Streams] = WeakKeyDictionary()


def streams() -> Streams:
    """Give the running event loop's count; the first call makes it."""
    loop = asyncio.get_running_loop()
    if loop not in _STREAMS:
        _STREAMS[loop] = Streams(of_a_client=settings.FEED_STREAMS)
    return _STREAMS[loop]
