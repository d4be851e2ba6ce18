"""Two messages held against each other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocol.checks import Grade
from protocol.schemas import verification_v1_pb2 as v
from verification.rescoring.comparing import differences, leaves

NAMES = st.sampled_from(["ghost_match", "edges", "screen"])
PARTS = st.builds(
    v.Breakdown,
    name=NAMES,
    status=st.sampled_from(list(Grade)),
    score=st.floats(0, 1),
    reasons=st.lists(st.builds(v.Reason, code=st.sampled_from(["blurred", "glare"])), max_size=2),
)
CHECKS = st.builds(v.CheckCompleted, check=st.just("tamper"), breakdown=st.lists(PARTS, max_size=4))


@given(CHECKS)
def test_a_message_does_not_differ_from_itself(said: v.CheckCompleted) -> None:
    assert differences(said, said) == ()


@given(CHECKS)
def test_every_value_has_a_name_of_its_own(said: v.CheckCompleted) -> None:
    names = [name for name, _ in leaves(said)]

    assert len(names) == len(set(names))


@given(CHECKS, PARTS)
def test_a_part_that_only_one_of_them_has_is_named(said: v.CheckCompleted, part: v.Breakdown) -> None:
    more = v.CheckCompleted()
    more.CopyFrom(said)
    more.breakdown.append(part)

    assert differences(said, more) == differences(more, said) != ()


def test_what_differs_is_named_by_the_part_it_is_in() -> None:
    was = v.CheckCompleted(breakdown=[v.Breakdown(name="edges", status="clear", score=0.25)])
    would_be = v.CheckCompleted(breakdown=[v.Breakdown(name="edges", status="caution", score=0.5)])

    assert differences(was, would_be) == ("breakdown[edges].score", "breakdown[edges].status")


def test_moments_and_models_are_no_answers() -> None:
    was = v.CheckCompleted(status="clear", model="tamper-1", finished_at_us=1)

    assert differences(was, v.CheckCompleted(status="clear", model="tamper-2", finished_at_us=2)) == ()


def test_numbers_added_up_in_another_order_are_alike() -> None:
    was, would_be = (v.DocumentClassified(confidence_01=n, corners_px=[n]) for n in (0.3, 0.1 + 0.2))

    assert differences(was, would_be) == ()


def test_what_nobody_said_differs_in_all_that_is_said() -> None:
    assert differences(None, v.AgeEstablished(over_minimum="yes")) == ("over_minimum",)
