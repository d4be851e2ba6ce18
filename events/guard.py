"""Nothing writes an event-sourced table but a projection: each statement is looked at before it runs.

A table that is a fold of the journal is worth nothing once somebody writes beside the journal, and a test
finds only the writes that it makes. So the statement itself is read: whatever the way (save, create, bulk,
update, delete, the admin, raw SQL), it ends as one of a few words and a table's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Final

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from events.errors import OnlyReading, WrittenBeside

__all__ = ["guard", "install", "only_reading", "projecting", "protect", "written_tables"]

_protected: set[str] = set()
_projecting: ContextVar[bool] = ContextVar("projecting", default=False)

_WRITES: Final = re.compile(
    r"""\b(?: INSERT \s+ (?: OR \s+ \w+ \s+ )? INTO | REPLACE \s+ INTO | UPDATE (?: \s+ OR \s+ \w+ )?
        | DELETE \s+ FROM | TRUNCATE (?: \s+ TABLE )? | MERGE \s+ INTO | COPY )
        \s+ (?: ONLY \s+ )? (?: ["`\[]? \w+ ["`\]]? \s* \. \s* )? ["`\[]? (\w+)""",
    re.IGNORECASE | re.VERBOSE,
)
_COMMENTS: Final = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_Execute = Callable[[Any, object, bool, dict[str, object]], object]


def protect(tables: Iterable[str]) -> None:
    """Have writes to these tables refused outside of projections."""
    _protected.update(tables)


@contextmanager
def projecting() -> Iterator[None]:
    """Allow writes to event-sourced tables: for what applies events, and for nothing else."""
    token = _projecting.set(True)
    try:
        yield
    finally:
        _projecting.reset(token)


@contextmanager
def only_reading() -> Iterator[None]:
    """Have every statement refused that would write, whichever the table: for what looks at the past."""
    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(_refuse_writes))
        yield


def _refuse_writes(
    execute: _Execute, sql: Any, params: object, many: bool, context: dict[str, object]
) -> object:
    if tables := written_tables(_text(sql)):
        raise OnlyReading(f"{', '.join(sorted(tables))} is not written by what only reads")
    return execute(sql, params, many, context)


def install(*, connection: BaseDatabaseWrapper, **_signal: object) -> None:
    """Put the guard before a connection's statements; a receiver of `connection_created`."""
    if guard not in connection.execute_wrappers:
        connection.execute_wrappers.append(guard)


def guard(execute: _Execute, sql: Any, params: object, many: bool, context: dict[str, object]) -> object:
    """Run a statement, unless it writes an event-sourced table beside the journal.

    Raises:
        WrittenBeside: it does: record an event, and write the table in what applies it.
    """
    text = _text(sql)
    # Most statements only read; they are known by their first letters.
    if not text.startswith("SELECT") and not _projecting.get():
        beside = written_tables(text) & _protected
        if beside:
            raise WrittenBeside(
                f"{', '.join(sorted(beside))} is written by projections only: record an event"
            )
    return execute(sql, params, many, context)


def _text(sql: Any) -> str:
    # On PostgreSQL a statement may come as parts that the driver puts together.
    return sql if isinstance(sql, str) else str(sql.as_string(None))


@lru_cache(maxsize=2048)
def written_tables(sql: str) -> frozenset[str]:
    """Name the tables that a statement writes, whatever its quotes, comments and common table expressions."""
    return frozenset(_WRITES.findall(_COMMENTS.sub(" ", sql)))
