"""Where a subscriber keeps its rows: one interface, and the SQLite file of a service of its own.

Statements are written once, for both databases: upserts by ON CONFLICT, `RETURNING`, `?` for a value, and in
CREATE TABLE the types INTEGER (8 bytes), REAL (8 bytes), TEXT, BLOB. `subscriber/postgres.py` translates.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from subscriber.errors import StoreAway
from subscriber.postgres import is_passing as passes_on_postgres

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

    def hold(self, tables: Sequence[str]) -> None:
        """Wait for whoever is writing some tables, and keep writers out until the transaction ends.

        Raises:
            StoreAway: the database is busy or away, or somebody waits for us in turn: come again.
        """

    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run one statement, `?` for each parameter and no other question mark; gives its rows.

        Raises:
            StoreAway: the database is busy or away; in a transaction, nothing of it was written.
        """

    def close(self) -> None:
        """Let go of the database."""


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
            _raise_if_passing(error)
            raise

    def hold(self, tables: Sequence[str]) -> None:
        """Do nothing: whoever is in a transaction has the file's one write lock; see `Store`."""

    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run one statement; see `Store`."""
        try:
            return self._connection.execute(sql, params).fetchall()
        except sqlite3.Error as error:
            _raise_if_passing(error)
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _raise_if_passing(error: BaseException) -> None:
    if is_passing(error):
        raise StoreAway(f"the subscriber's database cannot be used now: {error}") from error


def is_passing(error: BaseException) -> bool:
    """Tell whether a database's error may pass by itself, a lock or a full disk, and is no mistake."""
    if isinstance(error, sqlite3.OperationalError):
        return (error.sqlite_errorcode & 0xFF) in _PASSING
    return passes_on_postgres(error)
