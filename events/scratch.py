"""A database for a while: an SQLite file in which tables are made anew beside the live ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from pathlib import Path
from typing import Final

from django.db import connections
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.db.models import Model

__all__ = ["routed", "scratch", "written_to"]

_numbers = count(1)
_elsewhere: ContextVar[tuple[str, frozenset[type[Model]]] | None] = ContextVar("elsewhere", default=None)
# A crash loses the file, and with it nothing: no sync to wait for.
_PRAGMAS: Final = "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF;"


@contextmanager
def scratch(file: Path, models: Iterable[type[Model]]) -> Iterator[str]:
    """Make tables in a file that is not there yet; gives the alias of the database, closed at the end."""
    alias = f"scratch-{next(_numbers)}"
    # Not among the settings' databases: only this thread knows of it, and it goes with the block.
    connections[alias] = DatabaseWrapper(
        {
            **connections.settings["default"],
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": file,
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": _PRAGMAS},
        },
        alias,
    )
    try:
        with connections[alias].schema_editor() as editor:
            for model in models:
                editor.create_model(model)
        yield alias
    finally:
        connections[alias].close()
        del connections[alias]


@contextmanager
def written_to(alias: str, models: Iterable[type[Model]]) -> Iterator[None]:
    """Send what is read and written of these tables to another database than the live one."""
    token = _elsewhere.set((alias, frozenset(models)))
    try:
        yield
    finally:
        _elsewhere.reset(token)


def routed(model: type[Model]) -> str | None:
    """Name the database that a table's rows are sent to for now; None: its own. For the router."""
    elsewhere = _elsewhere.get()
    return elsewhere[0] if elsewhere is not None and model in elsewhere[1] else None
