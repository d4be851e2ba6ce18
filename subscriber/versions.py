"""Versions of a service's database: one is in use, the next is built beside it, and a pointer says which.

They are files on SQLite, and schemas of the service's one database on PostgreSQL. Nothing is renamed over
tables that somebody has open, which SQLite does not survive: the pointer is replaced instead, in one step.
The version before stays until the next one is built.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg

from subscriber.errors import StoreAway, SubscriberError

__all__ = ["AlreadyBuilding", "FileVersions", "SchemaVersions", "Versions"]


class AlreadyBuilding(SubscriberError):
    """Somebody else is building a version of this database: wait for them."""


class Versions(Protocol):
    """The versions of one service's database; each is a place that `open_store` opens.

    Raises (every method): StoreAway: the database cannot be reached now.
    """

    def current(self) -> str | Path:
        """Give the version that is in use."""

    def building(self) -> AbstractContextManager[str | Path]:
        """Give an empty place for the next version; what an unfinished building left is removed.

        Raises:
            AlreadyBuilding: somebody else has it.
        """

    def swap(self, built: str | Path) -> None:
        """Have the version that was built be the one in use, from this moment on, whatever happens next."""


class FileVersions:
    """SQLite files: `first` is the one a service begins with, `name.v2.sqlite3` is its second version."""

    def __init__(self, first: Path) -> None:
        self._first = first
        self._pointer = first.with_name(f"{first.name}.version")

    def current(self) -> Path:
        """Give the file that is in use; see `Versions`."""
        return self._file(self._number())

    @contextmanager
    def building(self) -> Iterator[Path]:
        """Give the path of the next version, where no file is; see `Versions`."""
        with self._first.with_name(f"{self._first.name}.building").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AlreadyBuilding(f"another rebuild of {self._first.name} is under way") from None
            number = self._number() + 1
            for unused in (number, number - 2):
                self._remove(unused)
            yield self._file(number)

    def swap(self, built: str | Path) -> None:
        """Have what was built be in use; see `Versions`."""
        number = self._number() + 1
        if built != self._file(number):
            raise ValueError(f"{built} is not the version after {self.current()}")
        new = self._pointer.with_name(f"{self._pointer.name}.new")
        with new.open("w") as file:
            file.write(str(number))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._pointer)

    def _number(self) -> int:
        try:
            return int(self._pointer.read_text())
        except FileNotFoundError:
            return 1

    def _file(self, number: int) -> Path:
        return self._first if number == 1 else self._first.with_suffix(f".v{number}{self._first.suffix}")

    def _remove(self, number: int) -> None:
        if number > 0:
            for ending in ("", "-wal", "-shm"):
                file = self._file(number)
                file.with_name(file.name + ending).unlink(missing_ok=True)


# In a schema of its own, because those of the versions come and go.
_POINTER: Final = (
    "CREATE SCHEMA IF NOT EXISTS versions",
    """
    CREATE TABLE IF NOT EXISTS versions.current (
        one BOOLEAN PRIMARY KEY CHECK (one), number BIGINT NOT NULL
    )
    """,
)
# Any number that nothing else locks in a service's own database: the letters "vouchnew".
_BUILDING: Final = int.from_bytes(b"vouchnew", "big")
_CONNECT_S: Final = 5


class SchemaVersions:
    """Schemas of a PostgreSQL database: a service begins with `public`, `v2` is its second version."""

    def __init__(self, url: str) -> None:
        self._url = url

    def current(self) -> str:
        """Give the address of the schema that is in use; see `Versions`."""
        with self._connected() as connection:
            return self._place(_number(connection))

    @contextmanager
    def building(self) -> Iterator[str]:
        """Give the address of the next version, an empty schema; see `Versions`."""
        with self._connected() as connection:
            (free,) = _one(connection, "SELECT pg_try_advisory_lock(%s)", (_BUILDING,))
            if not free:
                raise AlreadyBuilding("another rebuild of this database is under way")
            number = _number(connection) + 1
            for unused in (number, number - 2):
                _remove(connection, unused)
            connection.execute(f"CREATE SCHEMA {_schema(number)}".encode())
            # The lock goes with the connection.
            yield self._place(number)

    def swap(self, built: str | Path) -> None:
        """Have what was built be in use; see `Versions`."""
        with self._connected() as connection:
            number = _number(connection) + 1
            if built != self._place(number):
                raise ValueError("what was built is not the version after the one in use")
            for statement in _POINTER:
                connection.execute(statement.encode())
            connection.execute(
                "INSERT INTO versions.current VALUES (true, %s) "
                "ON CONFLICT (one) DO UPDATE SET number = excluded.number",
                (number,),
            )

    def _place(self, number: int) -> str:
        """Write the address by which a connection finds one version's tables, and no other's."""
        if number == 1:
            return self._url
        parts = urlsplit(self._url)
        asked = [*parse_qsl(parts.query), ("options", f"-csearch_path={_schema(number)}")]
        return urlunsplit(parts._replace(query=urlencode(asked, quote_via=quote)))

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[Any]]:
        try:
            connection = psycopg.connect(self._url, autocommit=True, connect_timeout=_CONNECT_S)
        except psycopg.OperationalError as error:
            raise StoreAway(f"the subscriber's database cannot be reached now: {error}") from error
        with closing(connection):
            yield connection


def _number(connection: psycopg.Connection[Any]) -> int:
    (there,) = _one(connection, "SELECT to_regclass('versions.current') IS NOT NULL")
    return int(_one(connection, "SELECT coalesce(max(number), 1) FROM versions.current")[0]) if there else 1


def _one(connection: psycopg.Connection[Any], sql: str, values: tuple[int, ...] = ()) -> tuple[Any, ...]:
    row = connection.execute(sql.encode(), values).fetchone()
    if row is None:
        raise RuntimeError("a question with one answer had none")
    return tuple(row)


def _schema(number: int) -> str:
    return "public" if number == 1 else f"v{number}"


def _remove(connection: psycopg.Connection[Any], number: int) -> None:
    """Take a version away; `public` itself stays, emptied, because servers and tools expect it."""
    if number > 1:
        connection.execute(f"DROP SCHEMA IF EXISTS {_schema(number)} CASCADE".encode())
    elif number == 1:
        tables = connection.execute(b"SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            connection.execute(f'DROP TABLE public."{table}" CASCADE'.encode())
