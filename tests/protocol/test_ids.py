"""Ids are in order of time, or repeatable; moments survive their way through microseconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from protocol.ids import caused_id, from_us, new_uuid7, to_us, uuid7

TIMES_MS = st.integers(min_value=0, max_value=2**48 - 1)
RANDOM = st.binary(min_size=10, max_size=16)
NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


@given(unix_ms=TIMES_MS, random=RANDOM)
def test_a_version_7_id_says_its_version_and_variant(unix_ms: int, random: bytes) -> None:
    made = uuid7(unix_ms=unix_ms, random=random)

    assert (made.version, made.variant) == (7, UUID(int=0x8 << 60).variant)
    assert made.int >> 80 == unix_ms


@given(first_ms=TIMES_MS, second_ms=TIMES_MS, random=st.tuples(RANDOM, RANDOM))
def test_ids_of_different_milliseconds_sort_by_time(
    first_ms: int, second_ms: int, random: tuple[bytes, bytes]
) -> None:
    first = uuid7(unix_ms=first_ms, random=random[0])
    second = uuid7(unix_ms=second_ms, random=random[1])

    assert first_ms == second_ms or (first < second) == (first_ms < second_ms)
    assert (str(first) < str(second)) == (first < second)


def test_two_fresh_ids_of_one_moment_differ() -> None:
    assert new_uuid7(NOW) != new_uuid7(NOW)


@given(cause=st.uuids(), subscriber=st.text(), ordinal=st.integers(min_value=0))
def test_what_an_event_caused_has_the_same_id_when_repeated(
    cause: UUID, subscriber: str, ordinal: int
) -> None:
    made = caused_id(cause, subscriber, ordinal)

    assert made == caused_id(cause, subscriber, ordinal)
    assert made.version == 5


@given(cause=st.uuids(), ordinals=st.tuples(st.integers(0, 99), st.integers(0, 99)))
def test_each_ordinal_names_another_event(cause: UUID, ordinals: tuple[int, int]) -> None:
    made = {caused_id(cause, "decisions", ordinal) for ordinal in ordinals}

    assert len(made) == len(set(ordinals))


def test_each_subscriber_names_another_event() -> None:
    assert caused_id(UUID(int=1), "a", 0) != caused_id(UUID(int=1), "b", 0)


@given(us=st.integers(min_value=-(2**52), max_value=2**52))
def test_a_moment_survives_its_way_through_microseconds(us: int) -> None:
    assert to_us(from_us(us)) == us


def test_a_moment_counts_from_1970_in_utc() -> None:
    assert to_us(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=1)) == 1_000_000
