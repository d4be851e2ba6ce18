"""A bounded window drops what comes again while it is remembered, and says what it may get wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subscriber import SqliteStore
from subscriber.window import DurableKeys, Window, mark_of, needed

_MINUTE = timedelta(minutes=1)
_S = 1_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "window.sqlite3")
    yield store
    store.close()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 40)), max_size=40))
def test_a_repeat_is_dropped_exactly_while_its_mark_is_kept(
    store: SqliteStore, said: list[tuple[int, int]]
) -> None:
    store.execute("DROP TABLE IF EXISTS subscriber_window_mark")
    window = Window(store, "w", longest=_MINUTE)
    first: dict[int, int] = {}
    at_s = 1_000

    for value, wait_s in said:
        at_s += wait_s
        expected = value not in first or at_s - first[value] > 60
        assert window.is_new(mark_of(b"%d" % value), at_s * _S) == expected
        if expected:
            first[value] = at_s


def test_messages_with_ids_are_known_by_them_and_not_by_their_bytes() -> None:
    assert mark_of(b"same", message_id="1") != mark_of(b"same", message_id="2")
    assert mark_of(b"same") == mark_of(b"same") != mark_of(b"other")


def test_the_same_bytes_about_another_thing_are_another_message() -> None:
    assert mark_of(b"on", key=b"a") == mark_of(b"on", key=b"a") != mark_of(b"on", key=b"b")
    assert mark_of(b"bc", key=b"a") != mark_of(b"c", key=b"ab")


def test_a_window_never_holds_more_than_it_may_and_counts_what_overflows(store: SqliteStore) -> None:
    window = Window(store, "w", longest=_MINUTE, most=10)

    for n in range(25):
        window.is_new(mark_of(b"%d" % n), n * _S)

    risk = window.risk()
    assert (risk.marks, risk.overflow) == (10, 15)
    assert store.execute("SELECT count(*) FROM subscriber_window_mark") == [(10,)]


def test_the_room_needed_is_the_rate_over_the_longest_redelivery() -> None:
    assert needed(200.0, timedelta(minutes=5)) == 60_000


def test_the_chance_of_a_collision_is_the_birthday_bound_of_its_bits(store: SqliteStore) -> None:
    window = Window(store, "w", longest=timedelta(hours=1))
    for n in range(101):
        window.is_new(mark_of(b"%d" % n), n * _S)

    found = window.risk(mark_bits=64)

    a_year = 1.01 * 365 * 86_400
    assert found.rate_per_s == pytest.approx(1.01)
    assert found.taken_for_repeat_01 == pytest.approx(a_year * 101 / 2**64)
    assert window.risk().taken_for_repeat_01 < 1e-60
    assert window.risk(mark_bits=0).taken_for_repeat_01 == 0


def test_a_short_hash_really_collides_as_often_as_is_said(store: SqliteStore) -> None:
    window = Window(store, "w", longest=timedelta(days=1))
    count, taken = 3_000, 0
    expected = sum(n / 2**16 for n in range(count))

    for n in range(count):
        mark = mark_of(b"%d" % n, length=2)
        taken += not window.is_new(mark, n)

    assert 0.6 * expected < taken < 1.4 * expected


def test_the_share_of_repeats_that_come_too_late_is_bounded_by_what_was_seen(store: SqliteStore) -> None:
    window = Window(store, "w", longest=_MINUTE)
    assert window.risk().repeat_missed_01 == 1
    for n in range(300):
        window.is_new(mark_of(b"%d" % n), 100 * n * _S)
        window.is_new(mark_of(b"%d" % n), (100 * n + (5 if n else 40)) * _S)

    assert window.risk().repeats == 300
    assert window.risk().repeat_missed_01 == pytest.approx((1 + 3) / 300)


def test_a_durable_key_is_never_taken_twice(store: SqliteStore) -> None:
    assert DurableKeys(store, "w").is_new("payment-1")
    assert not DurableKeys(store, "w").is_new("payment-1")
    assert DurableKeys(store, "other").is_new("payment-1")
