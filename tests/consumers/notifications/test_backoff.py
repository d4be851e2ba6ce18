"""What is not taken is tried again ever more rarely, and not for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from consumers.notifications.backoff import retry_at, wait

KEYS = st.binary(min_size=16, max_size=16).map(bytes.hex)
NOW = datetime(2026, 7, 1, tzinfo=UTC)


@given(st.integers(1, 7), KEYS)
def test_each_wait_is_longer_than_the_one_before(attempt: int, key: str) -> None:
    assert wait(attempt + 1, key) > wait(attempt, key)


@given(st.integers(1, 10_000), KEYS)
def test_no_wait_is_shorter_than_a_minute_or_longer_than_three_hours(attempt: int, key: str) -> None:
    assert timedelta(minutes=1) <= wait(attempt, key) <= timedelta(hours=3)


@given(KEYS, st.floats(1, 96).map(lambda hours: timedelta(hours=hours)))
def test_tries_go_on_for_hours_and_end(key: str, try_for: timedelta) -> None:
    now, give_up_at, tries = NOW, NOW + try_for, 1

    while (again := retry_at(tries, key, now=now, give_up_at=give_up_at)) is not None:
        now, tries = again, tries + 1

    assert give_up_at - timedelta(hours=3) <= now <= give_up_at
    assert 5 <= tries <= 60


def test_messages_that_failed_together_do_not_come_back_together() -> None:
    assert len({wait(3, f"{n * 0x01010101:08x}") for n in range(200)}) == 200
