"""The doorbell between processes: the feed writer rings when it has committed, who waits looks up at once.

It says nothing but "look": a ring that is lost costs the pause between two looks. Behind a pooler that shares
sessions no word of PostgreSQL's `NOTIFY` arrives, and this is then what keeps a record's way short.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, Protocol, cast

import structlog
from channels.layers import channel_layers
from django.conf import settings
from redis.exceptions import RedisError

from subscriber import Row, Store, Value

__all__ = ["ALIAS", "Bell", "Layer", "Ring", "RingingStore", "doorbell"]

ALIAS: Final = "doorbell"
_GROUP: Final = "feed.moved"
_SEND_WITHIN_S: Final = 1.0
_AGAIN_S: Final = 1.0
_CLOSE_WITHIN_S: Final = 1.0
_AWAY: Final = (OSError, TimeoutError, RedisError)

_log = structlog.get_logger("vouch.doorbell")


class Layer(Protocol):
    """What is used of a channel layer."""

    async def new_channel(self) -> str:
        """Make a mailbox of this process."""

    async def group_add(self, group: str, channel: str) -> None:
        """Have a group's messages come into a mailbox."""

    async def group_send(self, group: str, message: Mapping[str, Any]) -> None:
        """Send to every mailbox of a group."""

    async def receive(self, channel: str) -> Mapping[str, Any]:
        """Wait for the next message of a mailbox."""

    async def flush(self) -> None:
        """Let go of every mailbox of this event loop, and of the connections."""


def doorbell() -> Layer | None:
    """Give the channel layer that is the doorbell; None: there is none, and everybody looks by themselves."""
    return cast("Layer", channel_layers[ALIAS]) if ALIAS in settings.CHANNEL_LAYERS else None


class Bell:
    """Rings, from any thread and without ever waiting; a layer that is away is passed over."""

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        self._loop = asyncio.new_event_loop()
        self._wanted = asyncio.Event()
        self._away = False
        threading.Thread(target=self._run, name="doorbell", daemon=True).start()

    def ring(self) -> None:
        """Have it rung soon; many wishes before that are one ring."""
        self._loop.call_soon_threadsafe(self._wanted.set)

    def _run(self) -> None:
        self._loop.run_until_complete(self._ring_for_ever())

    async def _ring_for_ever(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                async with asyncio.timeout(_SEND_WITHIN_S):
                    await self._layer.group_send(_GROUP, {"type": _GROUP})
                self._say_away(False)
            except _AWAY:
                self._say_away(True)

    def _say_away(self, away: bool) -> None:
        """Log once that nobody hears us, and once that they do again."""
        if away != self._away:
            self._away = away
            _log.warning("doorbell_away" if away else "doorbell_back")


class Ring:
    """Hears the bell, in one event loop."""

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        self._rung = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def wait(self, at_most_s: float) -> None:
        """Wait until it rings, or for so long."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._listen())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(at_most_s):
                await self._rung.wait()
        self._rung.clear()

    async def close(self) -> None:
        """Listen no more; the next wait begins anew. A layer that does not answer is not waited for long."""
        if self._task is not None:
            task, self._task = self._task, None
            task.cancel()
            await asyncio.wait({task}, timeout=_CLOSE_WITHIN_S)
            await self._let_go()

    async def _listen(self) -> None:
        while True:
            try:
                mailbox = await self._layer.new_channel()
                await self._layer.group_add(_GROUP, mailbox)
                while True:
                    await self._layer.receive(mailbox)
                    self._rung.set()
            except _AWAY:
                await self._let_go()
                await asyncio.sleep(_AGAIN_S)

    async def _let_go(self) -> None:
        """Let go of the mailboxes: the layer keeps one for each attempt, and goes on filling it."""
        with contextlib.suppress(*_AWAY):
            async with asyncio.timeout(_CLOSE_WITHIN_S):
                await self._layer.flush()


class RingingStore:
    """A subscriber's store that rings after each commit."""

    def __init__(self, store: Store, ring: Callable[[], None]) -> None:
        self._store = store
        self._ring = ring

    def transaction(self) -> AbstractContextManager[None]:
        """Open a transaction; see `Store`."""
        return self._transaction()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._store.transaction():
            yield
        self._ring()

    def hold(self, tables: Sequence[str]) -> None:
        """Keep writers out; see `Store`."""
        self._store.hold(tables)

    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run one statement; see `Store`."""
        return self._store.execute(sql, params)

    def close(self) -> None:
        """Let go of the database; see `Store`."""
        self._store.close()
