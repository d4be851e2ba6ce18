"""The specimen documents say what their holders are, and differ only as their variant tells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.specimens.documents import (
    GENUINE,
    GHOST_BOX,
    ID1_SIZE,
    PORTRAIT_BOX,
    TD3_SIZE,
    Variant,
    check_digit,
    licence,
    machine_zone,
    passport_page,
)
from tests.specimens.holders import HOLDER_A, HOLDER_B, HOLDERS, driver_number
from tests.specimens.portraits import NAMES, Rgb, crop_35_45, portrait

pytestmark = pytest.mark.filterwarnings("error")


def _box(page: Rgb, box: tuple[int, int, int, int]) -> Rgb:
    x, y, width, height = box
    return page[y : y + height, x : x + width]


def _difference(one: Rgb, other: Rgb) -> float:
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


@pytest.mark.parametrize("name", NAMES)
def test_every_portrait_is_colour_and_cannot_be_written_to(name: str) -> None:
    picture = portrait(name)
    assert picture.shape[2] == 3
    assert not picture.flags.writeable


def test_an_unknown_portrait_is_refused_by_name() -> None:
    with pytest.raises(KeyError):
        portrait("nobody")


@pytest.mark.parametrize("name", NAMES)
def test_a_passport_crop_has_the_passport_shape(name: str) -> None:
    height, width = crop_35_45(name).shape[:2]
    assert height / width == pytest.approx(45 / 35, rel=0.02)


def test_driver_numbers_follow_the_published_example() -> None:
    morgan = driver_number(
        "MORGAN", "SAMANTHA MICHELLE", "F", HOLDER_A.date_of_birth.replace(1964, 7, 5), "9IJ"
    )
    assert morgan == "MORGA657054SM9IJ"
    assert driver_number("MACK", "IAN", "M", HOLDER_A.date_of_birth, "9AA").startswith("MCK99603141I9")


def test_both_holders_have_sixteen_characters_of_driver_number() -> None:
    assert {len(holder.driver_number) for holder in HOLDERS.values()} == {16}


def test_the_check_digit_agrees_with_the_standard_examples() -> None:
    assert [check_digit(text) for text in ("L898902C3", "740812", "120415")] == [6, 2, 9]


@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<", max_size=30), st.integers(0, 29))
def test_a_check_digit_moves_with_every_single_changed_digit(text: str, place: int) -> None:
    if place < len(text) and text[place].isdigit():
        changed = f"{text[:place]}{(int(text[place]) + 1) % 10}{text[place + 1 :]}"
        assert check_digit(changed) != check_digit(text)


@pytest.mark.parametrize("holder", HOLDERS.values())
def test_a_machine_zone_has_two_lines_of_forty_four(holder: object) -> None:
    zone = machine_zone(HOLDER_A if holder is HOLDER_A else HOLDER_B)
    assert [len(line) for line in zone] == [44, 44]


def test_pages_have_the_size_that_rectified_pages_have() -> None:
    assert licence(HOLDER_A, seed=1).shape[1::-1] == ID1_SIZE
    assert passport_page(HOLDER_B, seed=1).shape[1::-1] == TD3_SIZE


def test_the_same_seed_makes_the_same_licence_and_another_does_not() -> None:
    first = licence(HOLDER_A, seed=4)
    assert np.array_equal(first, licence(HOLDER_A, seed=4))
    assert not np.array_equal(first, licence(HOLDER_A, seed=5))


def test_a_stuck_on_portrait_changes_the_portrait_and_not_the_ghost() -> None:
    plain = licence(HOLDER_A, seed=2)
    forged = licence(HOLDER_A, seed=2, variant=Variant("stuck_on"))
    assert _difference(_box(plain, PORTRAIT_BOX), _box(forged, PORTRAIT_BOX)) > 30
    assert _difference(_box(plain, GHOST_BOX), _box(forged, GHOST_BOX)) == 0


def test_a_missing_ghost_leaves_only_ground_where_it_was() -> None:
    plain = licence(HOLDER_A, seed=2, variant=GENUINE)
    without = licence(HOLDER_A, seed=2, variant=Variant("ghost_missing"))
    assert _difference(_box(plain, GHOST_BOX), _box(without, GHOST_BOX)) > 10
    assert _difference(_box(plain, PORTRAIT_BOX), _box(without, PORTRAIT_BOX)) == 0


@pytest.mark.parametrize("label", ["3", "5"])
def test_an_edited_text_changes_its_own_line_only(label: str) -> None:
    variant = Variant("text_edit", edited=("3" if label == "3" else "5", "X"))
    plain = licence(HOLDER_A, seed=2).astype(int)
    changed = np.abs(licence(HOLDER_A, seed=2, variant=variant).astype(int) - plain).sum(axis=(1, 2)) > 0
    assert 0 < changed.sum() < 80


def test_an_unreadable_licence_keeps_its_portrait_and_loses_its_text() -> None:
    plain = licence(HOLDER_B, seed=2)
    smeared = licence(HOLDER_B, seed=2, variant=Variant("unreadable"))
    text = (600, 160, 700, 700)
    assert _box(smeared, text).min() > _box(plain, text).min() + 30
    assert _difference(_box(plain, PORTRAIT_BOX), _box(smeared, PORTRAIT_BOX)) == 0
