"""What stands for names and numbers: alike where they are, whatever the letters' case, order and slips."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from consumers.fraud.fingerprints import Details, Number, dice, near_dates

DAYS = st.dates(date(1900, 1, 1), date(2026, 1, 1))
NUMBERS = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", min_size=8, max_size=18)
WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=12)


def alike(one: str, other: str) -> float:
    a, b = Details.of(one, "1990-01-01"), Details.of(other, "1990-01-01")
    assert a is not None
    assert b is not None
    return dice(a.bits, b.bits)


@given(st.lists(WORDS, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_neither_order_nor_case_of_names_matters(words: list[str], random: object) -> None:
    shuffled = sorted(words, key=lambda _: random.random())  # type: ignore[attr-defined]  # Random

    assert alike(" ".join(words), " ".join(shuffled).upper()) == 1


def test_accents_hyphens_and_apostrophes_do_not_matter() -> None:
    assert alike("Éloïse O'Neill-Brown", "eloise oneill brown") == 1


def test_a_misspelt_name_is_near_and_another_one_is_not() -> None:
    assert alike("Katherine Johnson", "Catherine Johnson") > 0.8
    assert alike("Katherine Johnson", "Mary Jackson") < 0.5


@given(DAYS)
def test_a_slip_of_a_date_is_near_both_ways(day: date) -> None:
    born = day.toordinal()
    near = list(near_dates(born))

    assert near[0] == born
    assert len(near) == len(set(near))
    assert all(born in near_dates(other) for other in near)


def test_a_swapped_day_and_month_is_near_and_the_next_month_but_one_is_not() -> None:
    born = date(1990, 4, 12)

    assert date(1990, 12, 4).toordinal() in near_dates(born.toordinal())
    assert (born + timedelta(days=50)).toordinal() not in near_dates(born.toordinal())


@given(WORDS, DAYS)
def test_details_are_read_as_they_were_written(name: str, day: date) -> None:
    details = Details.of(name, day.isoformat())

    assert details is not None
    assert Details.read(details.written()) == details
    assert len(details.written()) == 132


def test_there_are_no_details_without_a_name_or_a_day() -> None:
    assert Details.of("", "1990-01-01") is None
    assert Details.of("Ada", "1990-02-30") is None
    assert Details.of("12 34", "1990-01-01") is None


@given(NUMBERS)
def test_a_number_is_one_however_it_is_spaced(number: str) -> None:
    spaced = " ".join(number.lower())

    assert Number.of(number) == Number.of(spaced)
    found = Number.of(number)
    assert found is not None
    assert Number.read(found.written()) == found
    assert len(found.written()) == 144


def test_a_misread_number_is_near_and_has_another_mark() -> None:
    right, misread, other = (
        Number.of(n) for n in ("MORGA657054SM9IJ", "MORGA657O54SM9IJ", "JONES801023XY1AB")
    )
    assert right is not None
    assert misread is not None
    assert other is not None
    assert right.mark != misread.mark
    assert dice(right.bits, misread.bits) > 0.8
    assert dice(right.bits, other.bits) < 0.5
