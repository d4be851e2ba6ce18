"""Dates as documents print them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.vision.dates import machine_date, printed_dates

TODAY = dt.date(2026, 11, 24)


@given(st.dates(dt.date(1900, 1, 1), dt.date(2099, 12, 31)))
def test_a_printed_date_is_read_back_as_it_was_written(date: dt.date) -> None:
    assert printed_dates(f"3. {date:%d.%m.%Y} UNITED KINGDOM") == (date,)


@given(st.dates(TODAY - dt.timedelta(days=36_000), TODAY))
def test_a_birth_of_the_last_98_years_finds_its_century(date: dt.date) -> None:
    assert machine_date(f"{date:%y%m%d}", meaning="birth", today=TODAY) == date


@pytest.mark.parametrize("text", ["14.O3.196I", "14 03 1961", "14,03,1961", "14031961"])
def test_look_alikes_and_lost_stops_still_make_the_date(text: str) -> None:
    assert printed_dates(text) == (dt.date(1961, 3, 14),)


@pytest.mark.parametrize("text", ["31.02.1990", "14.13.1961", "HOLLOWAY", "", "1403196"])
def test_what_is_no_calendar_date_is_not_made_one(text: str) -> None:
    assert printed_dates(text) == ()


@pytest.mark.parametrize("text", ["74<<12", "741301", "ABCDEF", ""])
def test_an_unknown_or_impossible_machine_date_is_none(text: str) -> None:
    assert machine_date(text, meaning="birth", today=TODAY) is None


def test_an_expiry_lies_in_this_century_whatever_the_day() -> None:
    assert machine_date("740812", meaning="expiry", today=TODAY) == dt.date(2074, 8, 12)
