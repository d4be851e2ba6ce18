"""A table that cannot be asked for a while, as when its database is away."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

from django.db import connections

__all__ = ["away", "records_away"]


@contextmanager
def away(alias: str, table: str) -> Iterator[None]:
    """Have every question to a table fail."""
    _rename(alias, table, f"{table}_away")
    try:
        yield
    finally:
        _rename(alias, f"{table}_away", table)


def records_away() -> AbstractContextManager[None]:
    """Have every question for the feed's records fail."""
    return away("feed", "streaming_feedrecord")


def _rename(alias: str, table: str, to: str) -> None:
    with ThreadPoolExecutor(1) as threads:
        threads.submit(_execute, alias, f"ALTER TABLE {table} RENAME TO {to}").result()


def _execute(alias: str, sql: str) -> None:
    with connections[alias].cursor() as cursor:
        cursor.execute(sql)
    connections.close_all()
