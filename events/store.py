"""One of the monolith's databases as a subscriber's store: its rows, and whatever else the alias holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from django.db import OperationalError, connections, transaction

from subscriber.errors import StoreAway
from subscriber.store import Row, Value, is_passing

__all__ = ["DjangoStore"]


class DjangoStore:
    """A `subscriber.Store` on a Django database."""

    def __init__(self, alias: str) -> None:
        self._alias = alias

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Open a transaction; see `Store`."""
        try:
            with transaction.atomic(using=self._alias):
                yield
        except OperationalError as error:
            if error.__cause__ is not None and is_passing(error.__cause__):
                raise StoreAway(f"the database {self._alias} cannot be written now: {error}") from error
            raise

    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run one statement; see `Store`."""
        with connections[self._alias].cursor() as cursor:
            cursor.execute(_django_style(sql), params)
            return [] if cursor.description is None else cursor.fetchall()


@cache
def _django_style(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s")
