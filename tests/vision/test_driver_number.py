"""The driver number of Great Britain: its alphabet by position, and what it says of its holder."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.specimens.holders import Sex, driver_number
from verification.vision.driver_number import agrees_with, initials, parse, repair, surname_part

# DVLA's own specimen: Samantha Michelle Morgan, born 5 July 1964.
SPECIMEN = "MORGA657054SM9IJ"
BORN = dt.date(1964, 7, 5)
NAMES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=9)
DATES = st.dates(dt.date(1920, 1, 1), dt.date(2010, 12, 31))


def test_the_agencys_specimen_comes_apart_as_it_says() -> None:
    number = parse(SPECIMEN)
    assert number is not None
    assert (number.surname, number.initials, number.sex) == ("MORGA", "SM", "F")
    assert (number.decade, number.year, number.month, number.day) == (6, 4, 7, 5)


@given(NAMES, NAMES, st.sampled_from("FM"), DATES)
def test_a_number_built_by_the_rule_agrees_with_its_holder(
    family_name: str, given_name: str, sex: Sex, born: dt.date
) -> None:
    number = driver_number(family_name, given_name, sex, born, "9KD")
    assert agrees_with(number, family_name, given_name, born, sex) == ()
    assert repair(number) == number


@given(NAMES, DATES, DATES)
def test_another_birth_date_disagrees_unless_it_looks_the_same_in_two_digits(
    name: str, born: dt.date, other: dt.date
) -> None:
    number = driver_number(name, "ANN", "F", born, "9KD")
    same = (born.month, born.day, born.year % 100) == (other.month, other.day, other.year % 100)
    assert ("date_of_birth" in agrees_with(number, name, "ANN", other)) != same


@pytest.mark.parametrize("seen", ["M0RGA 657O54 SM 9IJ", "MORGA6570S4SM91J", "morga 657054 5m 9ij", SPECIMEN])
def test_look_alikes_are_put_into_the_alphabet_of_their_position(seen: str) -> None:
    assert repair(seen) == SPECIMEN


@pytest.mark.parametrize(
    "seen", ["", "MORGA657054SM9I", "MORGA667054SM9IJ", "MORGA657324SM9IJ", "99999657054SM9IJ"]
)
def test_what_cannot_be_a_number_is_not_made_one(seen: str) -> None:
    assert repair(seen) is None
    assert agrees_with(seen, "Morgan", "Samantha", BORN) == ("driver_number",)


def test_every_part_that_disagrees_is_named() -> None:
    assert agrees_with(SPECIMEN, "Jones", "Ann", dt.date(1965, 7, 5), "M") == (
        "family_name",
        "given_names",
        "date_of_birth",
        "sex",
    )


def test_an_unknown_sex_is_not_compared() -> None:
    assert agrees_with(SPECIMEN, "Morgan", "Samantha Michelle", BORN) == ()


@pytest.mark.parametrize(
    ("name", "part"),
    [("MacKay", "MCKAY"), ("Mack", "MCK99"), ("O'Neil", "ONEIL"), ("Löwe-Ash", "LOWEA"), ("Fox", "FOX99")],
)
def test_a_family_name_becomes_five_characters_by_the_rule(name: str, part: str) -> None:
    assert surname_part(name) == part


@pytest.mark.parametrize(
    ("names", "two"), [("Zoë", "Z9"), ("MR Theodore Miles", "TM"), ("", "99"), ("Ann B. Cy", "AB")]
)
def test_initials_leave_the_title_out_and_fill_up(names: str, two: str) -> None:
    assert initials(names) == two
