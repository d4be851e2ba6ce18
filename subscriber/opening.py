"""Opens a service's own database from where its settings say it is."""

from __future__ import annotations

from pathlib import Path

from subscriber.postgres import PostgresStore
from subscriber.store import SqliteStore, Store
from subscriber.versions import FileVersions, SchemaVersions, Versions

__all__ = ["open_store", "versions_of"]


def open_store(place: str | Path) -> Store:
    """Open a store: a `postgresql://` address, or the path of a SQLite file, which is made when missing.

    PostgreSQL is reached at the first statement, not here.
    """
    return PostgresStore(str(place)) if _is_postgres(place) else SqliteStore(Path(place))


def versions_of(place: str | Path) -> Versions:
    """Find the versions of a database that a service has begun at this place, a file's path or an address."""
    return SchemaVersions(str(place)) if _is_postgres(place) else FileVersions(Path(place))


def _is_postgres(place: str | Path) -> bool:
    return str(place).startswith(("postgresql://", "postgres://"))
