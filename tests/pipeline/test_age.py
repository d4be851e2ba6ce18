"""Over the minimum age, to the day: birthdays, 29 February, midnight where the client is, and no guess."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.schemas import verification_v1_pb2 as v
from tests.pipeline.building import NOW, classified, facts_of, fields, opened, zone
from verification.pipeline.judges import age

pytestmark = pytest.mark.django_db(databases=["default", "keys"])

EIGHTEEN = 18
A_DAY = timedelta(days=1)
A_MOMENT = timedelta(microseconds=1)
# From fourteen hours before Greenwich to eleven behind; Beirut's clocks skip the midnight of a spring night.
ZONES = (
    "Pacific/Kiritimati",
    "Asia/Kathmandu",
    "Asia/Beirut",
    "Europe/London",
    "America/St_Johns",
    "Pacific/Pago_Pago",
)
BORN = st.dates(date(1930, 1, 1), date(2007, 12, 31))
LEAP_DAYS = st.integers(1932 // 4, 2004 // 4).map(lambda leap: date(leap * 4, 2, 29))


def judged(born: str, now: datetime, *, time_zone: str = "UTC") -> tuple[str, str]:
    """Have the age of somebody judged: what is said of it, and how the check ends; the journal forgets it."""
    opening = opened(minimum_age=EIGHTEEN, time_zone=time_zone)
    read = fields({"family_name": "A", **({"date_of_birth": born} if born else {})})
    with transaction.atomic():
        partial, check = age.judge(facts_of(opening, classified(), read, zone()), None, now)
        transaction.set_rollback(True)
    assert isinstance(partial, v.AgeEstablished)
    assert isinstance(check, v.CheckCompleted)
    return partial.over_minimum, check.status


def years_ago(day: date, years: int) -> date:
    return day.replace(year=day.year - years)


@pytest.mark.parametrize(
    ("days", "expected"), [(-1, ("yes", "clear")), (0, ("yes", "clear")), (1, ("no", "rejected"))]
)
def test_eighteen_years_ago_yesterday_and_today_is_over_and_tomorrow_is_not(
    days: int, expected: tuple[str, str]
) -> None:
    born = years_ago(NOW.date(), EIGHTEEN) + days * A_DAY

    assert judged(born.isoformat(), NOW) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 2, 28, 23, 59, tzinfo=UTC), ("no", "rejected")),
        (datetime(2026, 3, 1, tzinfo=UTC), ("yes", "clear")),
    ],
)
def test_who_was_born_on_a_leap_day_is_eighteen_on_the_first_of_march(
    now: datetime, expected: tuple[str, str]
) -> None:
    assert judged("2008-02-29", now) == expected


@pytest.mark.parametrize(
    "born", ["", "29.02.2008", "2008", "2007-02-29", "2008-02-30", "2008-13-01", "unknown"]
)
def test_a_birth_date_that_there_is_not_is_unknown_and_no_answer(born: str) -> None:
    assert judged(born, NOW) == ("unknown", "unavailable")


@given(st.integers(1, 40_000))
@settings(deadline=None, max_examples=20)
def test_whoever_is_born_after_today_has_no_age_that_is_known(days: int) -> None:
    born = NOW.date() + days * A_DAY

    assert judged(born.isoformat(), NOW) == ("unknown", "unavailable")


@given(born=st.one_of(BORN, LEAP_DAYS), zone_name=st.sampled_from(ZONES))
@settings(deadline=None, max_examples=60)
def test_a_birthday_begins_at_midnight_where_the_client_is(born: date, zone_name: str) -> None:
    birthday = _birthday(born, EIGHTEEN)
    midnight = datetime(birthday.year, birthday.month, birthday.day, tzinfo=ZoneInfo(zone_name))
    begins = midnight.astimezone(UTC)

    before = judged(born.isoformat(), begins - A_MOMENT, time_zone=zone_name)
    after = judged(born.isoformat(), begins, time_zone=zone_name)

    assert (before, after) == (("no", "rejected"), ("yes", "clear"))


@given(born=LEAP_DAYS, years=st.integers(1, 100))
def test_a_leap_day_is_kept_in_leap_years_and_made_up_for_in_others(born: date, years: int) -> None:
    birthday = _birthday(born, years)

    assert (birthday.month, birthday.day) == ((2, 29) if _is_leap(born.year + years) else (3, 1))
    assert age.over(born, years, birthday) == "yes"
    assert age.over(born, years, birthday - A_DAY) == "no"


@given(born=st.one_of(BORN, LEAP_DAYS), years=st.integers(1, 99), today=st.dates(date(1930, 1, 1)))
def test_an_age_is_the_number_of_completed_years(born: date, years: int, today: date) -> None:
    # Counted another way: a year is not completed before its month and day have come.
    completed = today.year - born.year - ((today.month, today.day) < (born.month, born.day))

    assert age.over(born, years, today) == ("yes" if completed >= years else "no")


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _birthday(born: date, years: int) -> date:
    """Give the day on which somebody completes so many years."""
    if (born.month, born.day) == (2, 29) and not _is_leap(born.year + years):
        return date(born.year + years, 3, 1)
    return date(born.year + years, born.month, born.day)
