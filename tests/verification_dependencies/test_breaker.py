"""A breaker stops asking after five failures in a row, and tries one question a pause."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from verification.dependencies.breaker import Breaker


def opened(draw_01: float = 0.5) -> Breaker:
    breaker = Breaker(draw=lambda: draw_01)
    for _ in range(5):
        breaker.failed(0.0)
    return breaker


@given(outcomes=st.lists(st.booleans(), max_size=40))
def test_it_is_open_exactly_after_five_failures_in_a_row(outcomes: list[bool]) -> None:
    breaker = Breaker(draw=lambda: 0.5)

    for good in outcomes:
        if good:
            breaker.succeeded()
        else:
            breaker.failed(0.0)

    assert breaker.open == (len(outcomes) >= 5 and not any(outcomes[-5:]))


def test_it_admits_nothing_while_it_pauses() -> None:
    assert not opened().admits(2.9)


def test_it_admits_one_question_after_the_pause() -> None:
    breaker = opened()

    assert [breaker.admits(3.0), breaker.admits(3.0)] == [True, False]


def test_a_probe_that_succeeds_closes_it() -> None:
    breaker = opened()
    breaker.admits(3.0)

    breaker.succeeded()

    assert [breaker.admits(3.0), breaker.admits(3.0)] == [True, True]


def test_a_probe_that_fails_begins_another_pause() -> None:
    breaker = opened()
    breaker.admits(3.0)

    breaker.failed(4.0)

    assert [breaker.admits(6.9), breaker.admits(7.0)] == [False, True]


@given(draw_01=st.floats(min_value=0, max_value=1))
def test_the_pause_is_half_to_one_and_a_half_times_as_long(draw_01: float) -> None:
    breaker = opened(draw_01)

    assert not breaker.admits(1.49)
    assert breaker.admits(4.5)
