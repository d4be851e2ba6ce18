"""The nine checks: what each rests on, and how parts grade a whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.checks import CHECK_SLOTS, CHECKS, GRADES, Grade, Slot, slot_of, worst

PARTS = st.lists(st.sampled_from(GRADES), max_size=9)


def test_every_check_rests_on_some_evidence() -> None:
    assert set(CHECK_SLOTS) == set(CHECKS)
    assert all(CHECK_SLOTS[check] for check in CHECKS)


@given(parts=PARTS)
def test_a_whole_is_graded_by_its_worst_part(parts: list[Grade]) -> None:
    order = ["rejected", "suspected", "unavailable", "caution", "clear", "not_applicable"]

    expected = next((grade for grade in order if grade in parts), "not_applicable")

    assert worst(parts) == expected


@given(parts=PARTS, more=PARTS)
def test_one_more_part_never_makes_a_whole_better(parts: list[Grade], more: list[Grade]) -> None:
    assert GRADES.index(worst(parts + more)) <= GRADES.index(worst(parts))


def test_a_word_that_is_no_grade_is_refused() -> None:
    with pytest.raises(ValueError, match="splendid"):
        worst(["splendid"])


def test_clip_and_photo_fill_the_same_slot() -> None:
    assert slot_of("face_video") is slot_of("face_photo") is Slot.FACE
