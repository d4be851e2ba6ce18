"""How a process sees that the feed's database has moved: a look at the file, PostgreSQL's word, or a ring."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import psycopg
from django.db import connections

from events.database.connecting import conninfo
from streaming.doorbell import Ring, doorbell
from streaming.feeds import Head

__all__ = ["FeedAway", "FileWatch", "RungWatch", "ServerWatch", "Watch", "watch_of"]

# Triggers say it when the feed writer commits; `streaming/migrations/0002_doorbell.py`.
_CHANNEL: Final = "vouch_feed"
# A word is handed on at once; so often the watcher looks whether it is still wanted.
_WAIT_S: Final = 0.2
# How long a lost word is missed.
_LOOK_EVERY_S: Final = 2.0
_HEADS: Final = "SELECT feed, epoch, oldest, head FROM streaming_feedhead"


class FeedAway(Exception):
    """The feed's database cannot be read now."""


class Watch(Protocol):
    """Sees one database; used by one event loop.

    `rest_s` is how long a watcher pauses between looks, `idle_s` for how long it stays when nobody waits.
    """

    rest_s: float
    idle_s: float

    async def look(self) -> Mapping[str, Head] | None:
        """Give the heads of all feeds, or None when nothing has moved since the last look.

        Raises:
            FeedAway: it cannot be read now.
        """

    async def close(self) -> None:
        """Let go of the database; the next look opens it again."""


class FileWatch:
    """A SQLite file: `PRAGMA data_version` changes when another connection has committed.

    See https://sqlite.org/pragma.html; a call costs microseconds, so it is asked on the event loop.
    """

    idle_s = 0.0

    def __init__(self, file: Path, *, rest_s: float = 0.005) -> None:
        self.rest_s = rest_s
        self._file = file
        self._open: sqlite3.Connection | None = None
        self._version = -1
        self._heads: dict[str, Head] = {}

    async def look(self) -> Mapping[str, Head] | None:
        """Look at the file; see `Watch`."""
        try:
            return self._look()
        except sqlite3.Error as error:
            raise FeedAway(str(error)) from error

    def _look(self) -> Mapping[str, Head] | None:
        if self._open is None:
            self._open, self._version = sqlite3.connect(f"file:{self._file}?mode=ro", uri=True), -1
        (version,) = self._open.execute("PRAGMA data_version").fetchone()
        if version == self._version:
            return None
        self._version = version
        self._heads = _renewed(self._heads, self._open.execute(_HEADS))
        return self._heads

    async def close(self) -> None:
        """Close the file; see `Watch`."""
        if self._open is not None:
            self._open.close()
            self._open = None


class ServerWatch:
    """A PostgreSQL database: each commit of the feed writer says which heads it moved, and where to.

    The words carry the heads, so that a move costs no question however many feeds there are. A look at all of
    them now and then makes a lost word a delay and nothing worse.
    """

    rest_s = 0.0
    # Opening a connection costs a process on the server: it is kept while readers come and go.
    idle_s = 5.0

    def __init__(self, address: str) -> None:
        self._address = address
        self._open: psycopg.AsyncConnection[Any] | None = None
        self._heads: dict[str, Head] = {}
        self._looked_s = 0.0

    async def look(self) -> Mapping[str, Head] | None:
        """Wait for words, or a moment; see `Watch`."""
        try:
            if self._open is None:
                self._open = await self._listen()
                return await self._look(self._open)
            words = [word.payload async for word in self._open.notifies(timeout=_WAIT_S, stop_after=1)]
            if "" in words or time.monotonic() - self._looked_s > _LOOK_EVERY_S:
                return await self._look(self._open)
            return self._told(words)
        except psycopg.Error as error:
            await self.close()
            raise FeedAway(str(error)) from error

    async def _listen(self) -> psycopg.AsyncConnection[Any]:
        connection = await psycopg.AsyncConnection.connect(
            self._address, autocommit=True, connect_timeout=5, application_name="vouch feed watch"
        )
        await connection.execute(f"LISTEN {_CHANNEL}")
        return connection

    async def _look(self, connection: psycopg.AsyncConnection[Any]) -> Mapping[str, Head]:
        self._looked_s = time.monotonic()
        rows = await (await connection.execute(_HEADS)).fetchall()
        self._heads = _renewed(self._heads, rows)
        return self._heads

    def _told(self, words: Sequence[str]) -> Mapping[str, Head] | None:
        if not words:
            return None
        heads = dict(self._heads)
        for word in words:
            feed, epoch, oldest, head = word.split(" ")
            heads[feed] = Head(epoch, int(oldest), int(head))
        self._heads = heads
        return heads

    async def close(self) -> None:
        """Close the connection; see `Watch`."""
        if self._open is not None:
            connection, self._open = self._open, None
            await connection.close()


class RungWatch:
    """A PostgreSQL database and a doorbell: asked at each ring, and twenty times a second besides.

    No session has to be its own: each look is one statement, as a pooler in front of the server wants it.
    """

    rest_s = 0.0
    idle_s = 5.0

    def __init__(self, address: str, ring: Ring, *, look_every_s: float = 0.05) -> None:
        self._address = address
        self._ring = ring
        self._look_every_s = look_every_s
        self._open: psycopg.AsyncConnection[Any] | None = None
        self._heads: dict[str, Head] = {}

    async def look(self) -> Mapping[str, Head] | None:
        """Wait for a ring, or a moment, and look; see `Watch`."""
        try:
            if self._open is None:
                self._open = await psycopg.AsyncConnection.connect(
                    self._address,
                    autocommit=True,
                    connect_timeout=5,
                    application_name="vouch feed watch",
                    # A prepared statement would belong to a session.
                    prepare_threshold=None,
                )
            else:
                await self._ring.wait(self._look_every_s)
            rows = await (await self._open.execute(_HEADS)).fetchall()
        except psycopg.Error as error:
            await self.close()
            raise FeedAway(str(error)) from error
        before, self._heads = self._heads, _renewed(self._heads, rows)
        return None if self._heads == before else self._heads

    async def close(self) -> None:
        """Close the connection, and hear the bell no more; see `Watch`."""
        await self._ring.close()
        if self._open is not None:
            connection, self._open = self._open, None
            await connection.close()


def _renewed(known: Mapping[str, Head], rows: Iterable[tuple[str, str, int, int]]) -> dict[str, Head]:
    """Make heads of rows; one that has not moved stays the very one that is known."""
    found = {}
    for feed, epoch, oldest, number in rows:
        head = known.get(feed)
        if head is None or head.head != number or head.oldest != oldest or head.epoch != epoch:
            head = Head(epoch, oldest, number)
        found[feed] = head
    return found


def watch_of(alias: str) -> Watch:
    """Give the watch that fits a database of this installation."""
    if connections[alias].vendor == "postgresql":
        layer = doorbell()
        address = conninfo(alias)
        return ServerWatch(address) if layer is None else RungWatch(address, Ring(layer))
    return FileWatch(Path(str(connections[alias].settings_dict["NAME"])))
