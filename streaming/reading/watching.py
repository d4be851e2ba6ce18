"""How a process sees that the feed's database has moved: a look at the file, PostgreSQL's word, or a ring."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import psycopg
from django.db import connections

from events.database.connecting import conninfo
from streaming.reading.doorbell import Ring, doorbell
from streaming.reading.feeds import Head

__all__ = ["FeedAway", "FileWatch", "RungWatch", "Seen", "ServerWatch", "Watch", "watch_of"]

# Triggers say it when the feed writer commits; `streaming/migrations/0002_doorbell.py`.
_CHANNEL: Final = "vouch_feed"
# A word is handed on at once; so often the watcher looks whether it is still wanted.
_WAIT_S: Final = 0.2
# How long a lost word is missed, and what moves no head: a trim, another epoch after a restore.
_WHOLE_EVERY_S: Final = 1.0
_HEADS: Final = "SELECT feed, epoch, oldest, head, position FROM streaming_feedhead"
_Stand = tuple[str, str, int, int, int]


class FeedAway(Exception):
    """The feed's database cannot be read now."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Where feeds stand; `whole`: these are all feeds there are."""

    heads: Mapping[str, Head]
    whole: bool


class Watch(Protocol):
    """Sees one database; used by one event loop.

    `rest_s` is how long a watcher pauses between looks, `idle_s` for how long it stays when nobody waits.
    """

    rest_s: float
    idle_s: float

    async def look(self) -> Seen | None:
        """Tell where the feeds stand that have moved since the last look, or all of them; None: none has.

        Raises:
            FeedAway: it cannot be read now.
        """

    async def close(self) -> None:
        """Let go of the database; the next look opens it again."""


class _Asking:
    """What to ask of the heads: what has moved since the last answer, and now and then for all of them.

    The feed writer tells events in the journal's order and notes with a head the position of the last one:
    who remembers the highest position asks only for what lies above. `mark` is how the driver writes a value.
    """

    def __init__(self, mark: str) -> None:
        self._moved = f"{_HEADS} WHERE position > {mark}"
        self._position = 0
        self._whole_due_s = 0.0

    @property
    def whole_due(self) -> bool:
        """All of them have not been asked for in a while."""
        return time.monotonic() >= self._whole_due_s

    def question(self, *, whole: bool) -> tuple[str, tuple[int, ...]]:
        """Give a statement and its values; what it finds goes to `seen`."""
        return (_HEADS, ()) if whole else (self._moved, (self._position,))

    def seen(self, rows: Sequence[_Stand], *, whole: bool) -> Seen | None:
        """Take in what the last question found."""
        if whole:
            self._whole_due_s = time.monotonic() + _WHOLE_EVERY_S
            self._position = 0
        self._position = max((row[4] for row in rows), default=self._position)
        heads = {feed: Head(epoch, oldest, head) for feed, epoch, oldest, head, _ in rows}
        return Seen(heads, whole) if rows or whole else None


class FileWatch:
    """A SQLite file: `PRAGMA data_version` changes when another connection has committed.

    See https://sqlite.org/pragma.html; a call costs microseconds, so it is asked on the event loop.
    """

    idle_s = 0.0

    def __init__(self, file: Path, *, rest_s: float = 0.005) -> None:
        self.rest_s = rest_s
        self._file = file
        self._open: sqlite3.Connection | None = None
        self._asking = _Asking("?")
        self._version = self._whole_version = -1

    async def look(self) -> Seen | None:
        """Look at the file; see `Watch`."""
        try:
            return self._look()
        except sqlite3.Error as error:
            raise FeedAway(str(error)) from error

    def _look(self) -> Seen | None:
        if self._open is None:
            self._open = sqlite3.connect(f"file:{self._file}?mode=ro", uri=True)
            self._asking, self._version, self._whole_version = _Asking("?"), -1, -1
        (version,) = self._open.execute("PRAGMA data_version").fetchone()
        whole = version != self._whole_version and self._asking.whole_due
        if version == self._version and not whole:
            return None
        self._version = version
        if whole:
            self._whole_version = version
        rows = self._open.execute(*self._asking.question(whole=whole)).fetchall()
        return self._asking.seen(rows, whole=whole)

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
        self._asking = _Asking("%s")

    async def look(self) -> Seen | None:
        """Wait for words, or a moment; see `Watch`."""
        try:
            if self._open is None:
                self._open = await self._listen()
                return await self._look(self._open)
            words = [word.payload async for word in self._open.notifies(timeout=_WAIT_S, stop_after=1)]
            if "" in words or self._asking.whole_due:
                return await self._look(self._open)
        except psycopg.Error as error:
            await self.close()
            raise FeedAway(str(error)) from error
        return Seen(dict(map(_told, words)), whole=False) if words else None

    async def _listen(self) -> psycopg.AsyncConnection[Any]:
        connection = await psycopg.AsyncConnection.connect(
            self._address, autocommit=True, connect_timeout=5, application_name="vouch feed watch"
        )
        await connection.execute(f"LISTEN {_CHANNEL}")
        return connection

    async def _look(self, connection: psycopg.AsyncConnection[Any]) -> Seen | None:
        cursor = await connection.execute(*self._asking.question(whole=True))
        return self._asking.seen(await cursor.fetchall(), whole=True)

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
        self._asking = _Asking("%s")

    async def look(self) -> Seen | None:
        """Wait for a ring, or a moment, and look; see `Watch`."""
        try:
            if self._open is None:
                self._open = await self._connect()
            else:
                await self._ring.wait(self._look_every_s)
            whole = self._asking.whole_due
            cursor = await self._open.execute(*self._asking.question(whole=whole))
            return self._asking.seen(await cursor.fetchall(), whole=whole)
        except psycopg.Error as error:
            await self.close()
            raise FeedAway(str(error)) from error

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        self._asking = _Asking("%s")
        return await psycopg.AsyncConnection.connect(
            self._address,
            autocommit=True,
            connect_timeout=5,
            application_name="vouch feed watch",
            # A prepared statement would belong to a session.
            prepare_threshold=None,
        )

    async def close(self) -> None:
        """Close the connection, and hear the bell no more; see `Watch`."""
        await self._ring.close()
        if self._open is not None:
            connection, self._open = self._open, None
            await connection.close()


def _told(word: str) -> tuple[str, Head]:
    """Read a word: which feed has moved, and where to."""
    feed, epoch, oldest, head = word.split(" ")
    return feed, Head(epoch, int(oldest), int(head))


def watch_of(alias: str) -> Watch:
    """Give the watch that fits a database of this installation."""
    if connections[alias].vendor == "postgresql":
        layer = doorbell()
        address = conninfo(alias)
        return ServerWatch(address) if layer is None else RungWatch(address, Ring(layer))
    return FileWatch(Path(str(connections[alias].settings_dict["NAME"])))
