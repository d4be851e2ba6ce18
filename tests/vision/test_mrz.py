"""The machine readable zone as text: formats, check digits, and what a wrong character does to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.vision.mrz import (
    LAYOUTS,
    Format,
    Layout,
    MachineZone,
    alphabet_at,
    check_digit,
    fields_of,
    layout_of,
    parse,
    seal,
)

# The specimen zones of ICAO Doc 9303 parts 4 to 7.
TD3 = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")
TD2 = ("I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6")
TD1 = ("I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<")
MRV_A = ("V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L8988901C4XXX4009078F96121096ZE184226B<<<<<<")
MRV_B = ("V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "L8988901C4XXX4009078F9612109<<<<<<<<")
SPECIMENS: Mapping[Format, tuple[str, ...]] = {
    "TD3": TD3,
    "TD2": TD2,
    "TD1": TD1,
    "MRV-A": MRV_A,
    "MRV-B": MRV_B,
}
Sealed = tuple[Layout, tuple[str, ...]]


def zone_of(lines: Sequence[str]) -> MachineZone:
    zone = parse(lines)
    assert zone is not None
    return zone


def format_of(line_count: int, width: int, first: str) -> Format:
    layout = layout_of(line_count=line_count, width=width, first=first)
    assert layout is not None
    return layout.format


def random_zone(name: Format, seed: int) -> Sealed:
    layout, random = LAYOUTS[name], Random(seed)
    lines = [
        "".join(random.choice(alphabet_at(layout, line, at)) for at in range(layout.width))
        for line in range(layout.line_count)
    ]
    return layout, seal(layout, [("V" if name.startswith("MRV") else "P") + lines[0][1:], *lines[1:]])


zones = st.builds(random_zone, st.sampled_from(sorted(LAYOUTS)), st.integers(0, 2**32))


@pytest.mark.parametrize(
    ("text", "digit"), [("L898902C3", "6"), ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "7"), ("<<<", "0")]
)
def test_check_digits_are_those_of_the_standard(text: str, digit: str) -> None:
    assert check_digit(text) == digit


@pytest.mark.parametrize("name", sorted(SPECIMENS))
def test_a_specimen_of_the_standard_is_right_in_every_digit(name: Format) -> None:
    zone = zone_of(SPECIMENS[name])
    assert (zone.format, zone.check_digits_ok, zone.wrong_check_digits) == (name, True, ())
    assert (zone.values["family_name"], zone.values["given_names"]) == ("ERIKSSON", "ANNA MARIA")


@given(zones)
def test_a_sealed_zone_is_parsed_back_as_it_was_built(case: Sealed) -> None:
    layout, lines = case
    zone = zone_of(lines)
    assert (zone.format, zone.lines) == (layout.format, lines)
    assert zone.check_digits_ok or zone.values["optional"]


@given(zones, st.integers(0, 5), st.integers(1, 9))
def test_one_wrong_digit_of_a_birth_date_is_named(case: Sealed, column: int, more: int) -> None:
    layout, lines = case
    span = layout.spans["date_of_birth"]
    before = span.of(lines)
    digit = str((int(before[column].replace("<", "0")) + more) % 10)
    wrong = before[:column] + digit + before[column + 1 :]
    changed = [line.replace(before, wrong) if at == span.line else line for at, line in enumerate(lines)]
    assert "date_of_birth" in zone_of(changed).wrong_check_digits


def test_a_wrong_character_names_the_field_it_is_in() -> None:
    assert zone_of((TD3[0], "L898902C36UTO7408132F1204159ZE184226B<<<<<10")).wrong_check_digits == (
        "date_of_birth",
        "composite",
    )


def test_lines_of_no_format_are_no_zone() -> None:
    assert parse(("P<UTO", "123")) is None
    assert parse((TD3[0], TD3[1].replace("L", "l"))) is None
    assert parse(TD3[:1]) is None


def test_a_long_document_number_goes_on_in_the_optional_field() -> None:
    zone = zone_of(("I<UTOD23145890<7349<<<<<<<<<<<", TD1[1], TD1[2]))
    assert (zone.values["document_number"], zone.check_digits_ok) == ("D23145890734", True)


def test_an_empty_optional_field_may_have_no_digit() -> None:
    assert zone_of(
        ("POD<<MUSTERMANN<<ERIKA<<<<<<<<<<<<<<<<<<<<<<", "C01YPTNHM1D<<6408125F2702283<<<<<<<<<<<<<<<8")
    ).check_digits_ok
    blank = "L898902C36UTO7408122F1204159<<<<<<<<<<<<<<<"
    sealed = blank + check_digit(blank[:10] + blank[13:20] + blank[21:43])
    assert zone_of((TD3[0], sealed)).check_digits_ok


def test_public_fields_have_names_of_the_contract_and_iso_dates() -> None:
    told = {field.name: field.value for field in fields_of(zone_of(TD3), born_by=dt.date(2026, 1, 1))}
    assert told == {
        "document_number": "L898902C3",
        "family_name": "ERIKSSON",
        "given_names": "ANNA MARIA",
        "sex": "F",
        "nationality": "UTO",
        "date_of_birth": "1974-08-12",
        "expiry_date": "2012-04-15",
    }


def test_a_birth_that_could_be_a_childs_is_never_made_an_adults() -> None:
    zone = zone_of(TD3)
    young = replace(zone, values={**zone.values, "date_of_birth": "110203"})
    assert ("date_of_birth", "2011-02-03") in {(field.name, field.value) for field in young.fields}


def test_whoever_is_over_ninety_was_born_in_the_last_century_where_the_day_is_known() -> None:
    zone = zone_of(TD3)
    old = replace(zone, values={**zone.values, "date_of_birth": "320203", "expiry_date": "340101"})

    told = {field.name: field.value for field in fields_of(old, born_by=dt.date(2026, 11, 26))}

    assert told["date_of_birth"] == "1932-02-03"


def test_a_visa_is_told_from_a_passport_by_its_first_letter() -> None:
    assert format_of(2, 44, "V") == "MRV-A"
    assert format_of(2, 44, "P") == "TD3"
    assert layout_of(line_count=4, width=44, first="P") is None
