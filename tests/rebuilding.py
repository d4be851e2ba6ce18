"""A use case proved: the tables it leaves are, byte for byte, what a replay of the journal gives.

In another room's tests::

    @pytest.fixture(autouse=True)
    def rebuilt(db):
        with rebuilt_equal():
            yield

A test with `transaction=True` also needs `empty_journal()` first: Django's flush does not touch the journal.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections, router

from events import sqlite
from events.keys import forget_cached
from events.projections import declared_models, rebuild

__all__ = ["assert_rebuilds_equal", "empty_journal", "rebuilt_equal", "tables"]

Rows = dict[str, list[tuple[object, ...]]]


def tables() -> Rows:
    """Read every declared table, ordered by its rows."""
    rows: Rows = {}
    for model in declared_models():
        name = model._meta.db_table
        with connections[router.db_for_read(model)].cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{name}"')
            rows[name] = sorted(cursor.fetchall(), key=repr)
    return rows


def assert_rebuilds_equal() -> None:
    """Fail with the first differing rows when a rebuild gives other tables than the live run did."""
    live = tables()
    rebuild()
    for name, rebuilt in tables().items():
        only_live = [row for row in live[name] if row not in rebuilt]
        only_rebuilt = [row for row in rebuilt if row not in live[name]]
        told = f"{name} is not the fold of the journal:\n live: {only_live[:3]}\n rebuilt: {only_rebuilt[:3]}"
        assert (only_live, only_rebuilt) == ([], []), told
        assert len(live[name]) == len(rebuilt), (
            f"{name} has {len(live[name])} rows live, {len(rebuilt)} rebuilt"
        )


@contextmanager
def rebuilt_equal() -> Iterator[None]:
    """Run a use case, then prove its tables."""
    yield
    assert_rebuilds_equal()


def empty_journal() -> None:
    """Empty what `flush` cannot: for tests only, by making the journal's tables anew."""
    with connections[sqlite.DATABASE].cursor() as cursor:
        for statement in (*sqlite.DROP, *sqlite.CREATE):
            cursor.execute(statement)
    for alias in connections:
        _forget_subscribers(alias)
    forget_cached()


def _forget_subscribers(alias: str) -> None:
    """Drop the runtime's own tables: checkpoints of a journal that is gone would mislead."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'subscriber_%'")
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP TABLE "{name}"')
