"""Reading a licence's numbered fields, and leaving out what cannot be read."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.specimens.camera import Hardness, photograph, place
from tests.specimens.documents import GENUINE, ID1_SIZE, Variant, fields, licence
from tests.specimens.holders import HOLDER_A, HOLDER_B, Holder
from verification.vision.images import decode
from verification.vision.licence import LicenceText, read_licence
from verification.vision.page import rectify

MUST = ("driver_number", "family_name", "given_names", "date_of_birth", "expiry_date")


def holder(seed: int) -> Holder:
    return HOLDER_A if seed % 2 else HOLDER_B


@cache
def told(seed: int, hardness: Hardness, variant: Variant = GENUINE) -> LicenceText:
    card = licence(holder(seed), seed=seed, variant=variant)
    picture = decode(photograph(card, seed=seed, hardness=hardness))
    # A page finder is some pixels off at each corner.
    corners = place(card, seed=seed, hardness=hardness) + np.random.default_rng(seed).normal(0, 8, (4, 2))
    return read_licence(
        rectify(picture, corners.astype(np.float32), width_px=ID1_SIZE[0], height_px=ID1_SIZE[1])
    )


@pytest.mark.parametrize(("seed", "hardness"), [(1, "easy"), (2, "usual"), (4, "hard")])
def test_a_photographed_licence_says_who_its_holder_is(seed: int, hardness: Hardness) -> None:
    read = {field.name: field.value for field in told(seed, hardness).fields}
    truth = fields(holder(seed))
    assert {name: read.get(name) for name in MUST} == {name: truth[name] for name in MUST}


def test_no_field_of_a_readable_licence_is_invented() -> None:
    truth = fields(holder(2))
    assert all(truth[field.name] == field.value for field in told(2, "usual").fields)


def test_fields_say_where_they_stand_and_how_sure_they_are() -> None:
    for field in told(1, "easy").fields:
        assert 0.0 < field.confidence_01 <= 1.0
        assert field.box is not None
        assert 600 < field.box.x < 1400
        assert 150 < field.box.y < 850


def test_a_smeared_licence_has_no_fields_rather_than_invented_ones() -> None:
    assert told(5, "usual", Variant(attack="unreadable")).fields == ()


def test_an_edited_birth_date_is_told_as_printed_and_not_as_the_number_says() -> None:
    read = {field.name: field.value for field in told(6, "usual", Variant(attack="text_edit")).fields}
    assert read["date_of_birth"] == "1991-03-14"
    assert read["driver_number"] == HOLDER_B.driver_number


def test_the_texts_of_the_class_are_found_on_the_page() -> None:
    assert told(1, "easy").fixed_texts == ("DRIVING LICENCE", "UNITED KINGDOM")


def test_an_empty_page_has_neither_fields_nor_texts() -> None:
    assert read_licence(np.full((1010, 1600, 3), 230, np.uint8)) == ((), ())
