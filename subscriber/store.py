"""Where a subscriber keeps its rows: one interface, and the SQLite file of a service of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from subscriber.errors import StoreAway

__all__ = ["Row", "SqliteStore", "Store", "Value", "is_passing"]

Value = str | int | float | bytes | None
# What a column holds is the statement's to know: the one place where a type is taken on trust.
Row = tuple[Any, ...]

# Busy, locked, out of memory, I/O, full, cannot open (sqlite.org/rescode.html): these may pass by themselves.
_PASSING: Final = frozenset({5, 6, 7, 10, 13, 14})
# Longer than the longest wait seen between six writers, 4.4 s (facts/events.md §2b).
_BUSY_S: Final = 20


class Store(Protocol):
    """A database that the runtime and a handler share a transaction in; used by one thread."""

    def transaction(self) -> AbstractContextManager[None]:
        """Open a transaction that may write: commit at the end, roll back on an exception.

        Raises:
            StoreAway: the database is busy or away; nothing was written.
        """

    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run one statement, `?` for each parameter and no other question mark; gives its rows."""


class SqliteStore:
    """A service's own SQLite file: WAL, write lock at BEGIN, so that nobody is refused in mid-transaction."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(
            path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL"):
            self._connection.execute(f"PRAGMA {pragma}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Open a transaction; see `Store`."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except BaseException as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            if is_passing(error):
                raise StoreAway(f"the subscriber's database cannot be written now: {error}") from error
            raise

    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run one statement; see `Store`."""
        return self._connection.execute(sql, params).fetchall()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def is_passing(error: BaseException) -> bool:
    """Tell whether an error of SQLite may pass by itself, a lock or a full disk, and is no mistake."""
    if not isinstance(error, sqlite3.OperationalError):
        return False
    return (error.sqlite_errorcode & 0xFF) in _PASSING
