"""Which steps are run again."""

from __future__ import annotations

import pytest

from config.pipeline import STEPS
from verification.rescoring.choosing import UnknownStep, chosen


def names(*, named: tuple[str, ...] = (), checks: tuple[str, ...] = ()) -> set[str]:
    return {step.name for step in chosen(STEPS, named=named, checks=checks)}


def test_nothing_named_is_every_step() -> None:
    assert chosen(STEPS) == STEPS


def test_a_step_is_run_alone() -> None:
    assert names(named=("tamper",)) == {"tamper"}


def test_a_check_is_run_with_all_that_its_facts_come_from() -> None:
    assert names(checks=("tamper",)) == {"classify_front", "classify_back", "rectify", "portrait", "tamper"}
    assert names(checks=("face_match",)) == {*names(checks=("tamper",)), "face_track", "face_match"} - {
        "tamper"
    }


def test_steps_keep_the_order_in_which_they_are_listed() -> None:
    found = chosen(STEPS, checks=("age",))

    assert list(found) == [step for step in STEPS if step in found]


@pytest.mark.parametrize("asked", [{"named": ["tampr"]}, {"checks": ["register"]}])
def test_what_there_is_not_is_refused_with_what_there_is(asked: dict[str, list[str]]) -> None:
    with pytest.raises(UnknownStep, match="tamper"):
        chosen(STEPS, **asked)
