"""Simulated days: a quiet week is quiet, and what goes wrong is told in time."""

from __future__ import annotations

import pytest

from consumers.early_warning.tape import Said, Tried, play
from tests.consumers.early_warning.days import REGISTER, START_US, Day, S, budget_of, ramp

HOUR_US = 3_600 * S
BEGINS_US = START_US + HOUR_US


def raised(tries: list[Tried], about: str = REGISTER) -> list[Said]:
    return [said for said in play(tries, budget_of) if said.about == about and said.trouble is not None]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_quiet_day_has_no_warning(seed: int) -> None:
    tries = Day(seed, 24, per_min=1.5).make()

    assert len(tries) > 9_000
    assert play(tries, budget_of) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 15))
def test_a_quiet_week_of_two_hundred_thousand_tries_has_no_warning(seed: int) -> None:
    tries = Day(seed, 7 * 24).make()

    assert len(tries) > 190_000
    assert any(tried.failed for tried in tries)
    assert play(tries, budget_of) == []


def missed(tries: list[Tried], about: str) -> int:
    """Give when the first try missed its budget."""
    return min(t.ended_us or 0 for t in tries if t.about == about and t.failed)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("per_min", "lasts_s"), [(20, 300), (20, 600), (20, 1_800), (60, 600)])
def test_a_ramp_of_the_register_from_1_to_8_s_is_told_before_the_first_call_over_its_deadline(
    seed: int, per_min: float, lasts_s: float
) -> None:
    """At latencies that scatter by a tenth; what is missed is the first single call of more than 3 s."""
    day = Day(
        seed, 1 + lasts_s / 3_600, per_min=per_min, register_ms=1_000, register_sigma=0.1, failures_01=0
    )
    day.rhythm, day.slower = False, ramp(BEGINS_US, lasts_s, first=1, last=8)
    tries = day.make()

    (first, *_) = raised(tries)

    assert BEGINS_US < first.at_us < missed(tries, REGISTER) < missed(tries, "case/all")
    assert first.trouble is not None
    assert first.trouble.kind == "slow"


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("per_min", "scatter"), [(6, 0.1), (20, 0.3)])
def test_a_wild_or_thin_ramp_is_told_before_the_first_case_is_late(
    seed: int, per_min: float, scatter: float
) -> None:
    """Where single calls miss their deadline before a trend can be seen, the case's 15 s still hold."""
    day = Day(
        seed, 1 + 600 / 3_600, per_min=per_min, register_ms=1_000, register_sigma=scatter, failures_01=0
    )
    day.rhythm, day.slower = False, ramp(BEGINS_US, 600, first=1, last=8)
    tries = day.make()

    assert raised(tries)[0].at_us < missed(tries, "case/all")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_burst_of_failures_is_told_within_half_a_minute_and_its_end_within_five(seed: int) -> None:
    day = Day(seed, 1.5, per_min=10, rhythm=False)
    day.refuses = lambda at_us: BEGINS_US < at_us < BEGINS_US + 300 * S

    said = [said for said in play(day.make(), budget_of) if said.about == REGISTER]

    heads_up, over = said
    assert heads_up.trouble is not None
    assert (heads_up.trouble.kind, over.because) == ("failing", "well")
    assert BEGINS_US < heads_up.at_us < BEGINS_US + 30 * S
    assert BEGINS_US + 300 * S < over.at_us < BEGINS_US + 600 * S


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_step_that_begins_and_never_ends_is_told_before_its_deadline(seed: int) -> None:
    tries = [t for t in Day(seed, 1, per_min=10, rhythm=False).make() if t.began_us < BEGINS_US]
    hung = [Tried("step/read", f"hung-{n}", BEGINS_US + n * S, None) for n in range(4)]

    heads_up = raised([*tries, *hung], "step/read")[0]

    assert heads_up.trouble is not None
    assert heads_up.trouble.kind == "stuck"
    assert heads_up.at_us < BEGINS_US + 16 * S


def test_ends_that_were_lost_do_not_stand_for_a_step_that_hangs() -> None:
    tries = Day(1, 1, per_min=10, rhythm=False).make()
    middle_us = START_US + HOUR_US // 2
    lost = [Tried("step/read", f"lost-{n}", middle_us + n * S, None) for n in range(4)]

    assert raised([*tries, *lost], "step/read") == []


def test_the_same_tape_says_the_same() -> None:
    day = Day(5, 1.2, per_min=20, register_ms=1_000, register_sigma=0.1, rhythm=False)
    day.slower = ramp(BEGINS_US, 600, first=1, last=8)
    tries = day.make()

    assert play(tries, budget_of) == play(reversed(tries), budget_of) != []
