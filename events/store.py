"""One of the monolith's databases as a subscriber's store: its rows, and whatever else the alias holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from django.db import OperationalError, connections, transaction

from subscriber.errors import StoreAway
from subscriber.postgres import MAKING, hold_statement, makes_table, postgres_style
from subscriber.store import Row, Value, is_passing

__all__ = ["DjangoStore"]


class DjangoStore:
    """A `subscriber.Store` on a Django database."""

    def __init__(self, alias: str) -> None:
        self._alias = alias

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Open a transaction; see `Store`."""
        with self._passing(), transaction.atomic(using=self._alias):
            yield

    def hold(self, tables: Sequence[str]) -> None:
        """Keep writers out; on SQLite the transaction itself does. See `Store`."""
        if connections[self._alias].vendor == "postgresql":
            self.execute(hold_statement(tables))

    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run one statement; see `Store`."""
        connection = connections[self._alias]
        on_postgres = connection.vendor == "postgresql"
        write = postgres_style if on_postgres else _django_style
        with self._passing(), self._in_turn(on_postgres and makes_table(sql)), connection.cursor() as cursor:
            cursor.execute(write(sql), params)
            return [] if cursor.description is None else cursor.fetchall()

    def close(self) -> None:
        """Let go of the calling thread's connection."""
        connections[self._alias].close()

    @contextmanager
    def _in_turn(self, making: bool) -> Iterator[None]:
        """Where a table is made: let one process after another do so, until each one's transaction ends."""
        if not making:
            yield
            return
        with transaction.atomic(using=self._alias), connections[self._alias].cursor() as cursor:
            cursor.execute(MAKING)
            yield

    @contextmanager
    def _passing(self) -> Iterator[None]:
        try:
            yield
        except StoreAway:
            # Said by a statement inside: the transaction has ended, and its connection may be broken.
            connections[self._alias].close_if_unusable_or_obsolete()
            raise
        except OperationalError as error:
            connections[self._alias].close_if_unusable_or_obsolete()
            if error.__cause__ is not None and is_passing(error.__cause__):
                raise StoreAway(f"the database {self._alias} cannot be used now: {error}") from error
            raise


@cache
def _django_style(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s")
