"""Processes of the monolith that start at the same moment make a subscriber's tables together."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from events.store import DjangoStore
from tests.complaints.marks import ON_POSTGRES

pytestmark = [*ON_POSTGRES, pytest.mark.slow]
_AT_ONCE = 8
_NAMES = [f"subscriber_made_{number}" for number in range(10)]


def _make(together: Barrier) -> None:
    store = DjangoStore("default")
    store.execute("SELECT 1")
    together.wait()
    try:
        for name in _NAMES:
            store.execute(f"CREATE TABLE IF NOT EXISTS {name} (a INTEGER PRIMARY KEY, b BLOB)")
    finally:
        store.close()


@pytest.fixture
def own_pool() -> Iterator[None]:
    """Leave no eight idle connections to the tests that kill connections."""
    yield
    connections["default"].close()
    connections["default"].close_pool()  # type: ignore[attr-defined]  # of PostgreSQL alone


@pytest.mark.usefixtures("empty", "own_pool")
def test_eight_first_starts_at_once_make_each_table_once() -> None:
    together = Barrier(_AT_ONCE)

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        made = [threads.submit(_make, together) for _ in range(_AT_ONCE)]

    assert [future.result() for future in made] == [None] * _AT_ONCE
    with connections["default"].cursor() as cursor:
        assert set(_NAMES) <= set(connections["default"].introspection.table_names(cursor))
