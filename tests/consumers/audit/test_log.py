"""The log in its database: everything once, in order, without a hole; and no row of it is ever changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.audit.entries import Kind
from consumers.audit.errors import Hole
from consumers.audit.log import append, entries, last
from consumers.audit.verifying import walked
from protocol.schemas.journal_v1_pb2 import Record
from subscriber import Store
from tests.consumers.audit.makers import log_of, opened_log, record, viewed
from tests.servers.running import fresh_database


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    file = str(tmp_path / "audit.sqlite3")
    place = file if request.param == "sqlite" else fresh_database(request.getfixturevalue("postgres"))
    with opened_log(place) as store:
        yield store


def put(store: Store, records: Sequence[Record]) -> None:
    with store.transaction():
        append(records, store)


def test_the_log_has_the_hashes_that_the_format_says(store: Store) -> None:
    records = [record(n, payload=bytes(n)) for n in range(1, 300)]

    put(store, records)

    assert list(entries(store)) == log_of(records)


@settings(deadline=None)
@given(sizes=st.lists(st.integers(1, 20), min_size=1, max_size=6))
def test_in_whatever_portions_events_come_the_log_is_the_same(sizes: list[int]) -> None:
    records = [record(n) for n in range(1, 1 + sum(sizes))]
    with opened_log(":memory:") as store:
        for size in sizes:
            at = tail.entry.number if (tail := last(store)) else 0
            put(store, records[at : at + size])

        assert list(entries(store)) == log_of(records)


def test_a_read_is_more_than_a_page(store: Store) -> None:
    records = [record(n) for n in range(1, 2_500)]

    put(store, records)

    assert [kept.entry.position for kept in walked(entries(store))] == list(range(1, 2_500))


def test_an_event_after_one_that_never_came_is_not_logged(store: Store) -> None:
    put(store, [record(1)])

    with pytest.raises(Hole, match="start a newer build"):
        put(store, [record(2), record(4)])

    assert [kept.entry.position for kept in entries(store)] == [1]


def test_a_log_begins_at_the_first_event_of_all(store: Store) -> None:
    with pytest.raises(Hole):
        put(store, [record(2)])


def test_an_event_that_comes_again_is_not_logged_again(store: Store) -> None:
    put(store, [record(1), record(2)])

    with pytest.raises(Hole):
        put(store, [record(2)])


def test_a_restored_journal_is_told_of_and_followed(store: Store) -> None:
    put(store, [record(1), record(2), record(3)])
    put(store, [record(2, epoch="bbbbbbbb"), record(3, epoch="bbbbbbbb")])

    told = [(kept.entry.kind, kept.entry.epoch, kept.entry.position) for kept in walked(entries(store))]

    before = [(Kind.EVENT, "aaaaaaaa", n) for n in (1, 2, 3)]
    assert told == [
        *before,
        (Kind.EPOCH, "bbbbbbbb", 1),
        (Kind.EVENT, "bbbbbbbb", 2),
        (Kind.EVENT, "bbbbbbbb", 3),
    ]


def test_a_view_that_this_build_cannot_read_is_logged_all_the_same(store: Store) -> None:
    broken = viewed(1, "staff:7")
    broken.payload = b"\xff"

    put(store, [broken])

    assert list(entries(store)) == log_of([broken])


@pytest.mark.parametrize("table", ["audit_entry", "audit_view"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET number = number + 10", "DELETE FROM {}", "DELETE FROM {} WHERE number = 2"],
)
def test_the_database_refuses_to_change_the_log(store: Store, table: str, statement: str) -> None:
    put(store, [viewed(1, "staff:7"), viewed(2, "staff:8")])

    with pytest.raises(Exception, match="only ever appended to"):
        store.execute(statement.format(table))

    assert store.execute(f"SELECT number FROM {table} ORDER BY number") == [(1,), (2,)]


def test_sqlite_refuses_to_replace_an_entry(tmp_path: Path) -> None:
    with opened_log(tmp_path / "audit.sqlite3") as store:
        put(store, [viewed(1, "staff:7"), viewed(2, "staff:8")])

        with pytest.raises(Exception, match="only ever appended to"):
            store.execute("INSERT OR REPLACE INTO audit_view VALUES (1, 'nobody', x'00')")


@pytest.mark.slow
@pytest.mark.parametrize("store", ["postgres"], indirect=True)
def test_postgresql_refuses_to_empty_the_log(store: Store) -> None:
    put(store, [viewed(1, "staff:7")])

    with pytest.raises(Exception, match="only ever appended to"):
        store.execute("TRUNCATE audit_entry")
