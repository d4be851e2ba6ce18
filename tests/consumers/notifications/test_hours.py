"""Nobody is disturbed in quiet hours, by the clock on their wall, also when that is changed."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consumers.notifications.hours import NEVER, Quiet, quiet_of

ZONES = [
    ZoneInfo(name)
    for name in ("UTC", "Europe/London", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe")
]
LONDON = ZONES[1]
NIGHT = quiet_of("21:00-08:00")
MINUTES = st.times().map(lambda t: t.replace(second=0, microsecond=0))
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given a zone
# Where clocks change, and what lies around it.
CHANGES = st.sampled_from(
    [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)]
).flatmap(lambda at: st.integers(-1500, 1500).map(lambda minutes: at + timedelta(minutes=minutes)))


@example(datetime(2026, 3, 29, 0, 30, tzinfo=UTC), time(23), time(1, 30), LONDON)
@example(datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), time(0, 45), time(1, 15), LONDON)
@example(datetime(2026, 10, 25, 0, 15, tzinfo=UTC), time(1), time(1, 30), LONDON)
@example(datetime(2026, 10, 25, 1, 10, tzinfo=UTC), time(1), time(1, 30), LONDON)
@given(MOMENTS | CHANGES, MINUTES, MINUTES, st.sampled_from(ZONES))
def test_it_is_over_at_the_first_moment_that_is_not_quiet(
    moment: datetime, begins: time, ends: time, zone: ZoneInfo
) -> None:
    quiet = Quiet(begins, ends)

    over = quiet.over(moment, zone)

    assert over >= moment
    assert not quiet.holds(over, zone)
    assert over == moment or quiet.holds(over - timedelta(microseconds=1), zone)


@given(MOMENTS | CHANGES, st.sampled_from(ZONES))
def test_nothing_waits_longer_than_a_night_and_its_change_of_clocks(moment: datetime, zone: ZoneInfo) -> None:
    assert NIGHT.over(moment, zone) - moment <= timedelta(hours=12)


@given(MOMENTS, st.sampled_from(ZONES))
def test_equal_ends_are_no_quiet_hours(moment: datetime, zone: ZoneInfo) -> None:
    assert NEVER.over(moment, zone) == moment


@pytest.mark.parametrize(
    ("local", "over"),
    [
        ("2026-07-01 20:59", "2026-07-01 20:59"),
        ("2026-07-01 21:00", "2026-07-02 08:00"),
        ("2026-07-02 00:30", "2026-07-02 08:00"),
        ("2026-12-31 23:59", "2027-01-01 08:00"),
        ("2026-03-28 22:00", "2026-03-29 08:00"),
        ("2026-10-24 22:00", "2026-10-25 08:00"),
    ],
)
def test_a_night_in_london(local: str, over: str) -> None:
    moment = datetime.fromisoformat(local).replace(tzinfo=LONDON)

    assert NIGHT.over(moment, LONDON) == datetime.fromisoformat(over).replace(tzinfo=LONDON).astimezone(UTC)


def test_an_end_that_the_change_of_clocks_leaves_out_is_passed_with_it() -> None:
    moment = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)

    assert quiet_of("23:00-01:30").over(moment, LONDON) == datetime(2026, 3, 29, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["21:00", "late-early", "21:00-25:00", "21:00-08:00:30"])
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        quiet_of(text)
