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

from django.db import connections, transaction

from events.database import DATABASE, journal_database
from events.journal import head
from events.keys import forget_cached
from events.rebuilding import shadow

__all__ = ["assert_rebuilds_equal", "empty_journal", "rebuilt_equal"]


def assert_rebuilds_equal() -> None:
    """Fail with the first rows that are not what a replay of the journal gives."""
    with transaction.atomic(using=DATABASE), shadow() as made:
        journal_database().settle()
        made.catch_up(head().position)
        found = made.differences()
    told = [f"{one.model._meta.db_table} {one.pk} is {one.kind}" for one in found[:5]]
    assert found == [], f"{len(found)} rows are not the fold of the journal: {told}"


@contextmanager
def rebuilt_equal() -> Iterator[None]:
    """Run a use case, then prove its tables."""
    yield
    assert_rebuilds_equal()


def empty_journal() -> None:
    """Empty what `flush` cannot: for tests only, by making the journal's tables anew."""
    database = journal_database()
    with transaction.atomic(using=DATABASE), connections[DATABASE].cursor() as cursor:
        # On PostgreSQL a sequencer may be at work: whoever waits for it first cannot block it later.
        database.settle()
        for statement in (*database.drop, *database.create):
            cursor.execute(statement)
    for alias in connections:
        _forget_subscribers(alias)
    forget_cached()


def _forget_subscribers(alias: str) -> None:
    """Drop the runtime's own tables: checkpoints of a journal that is gone would mislead."""
    with connections[alias].cursor() as cursor:
        for name in connections[alias].introspection.table_names(cursor):
            if name.startswith("subscriber_"):
                cursor.execute(f'DROP TABLE "{name}"')
