"""How early the early warning speaks, and how often for nothing: simulated days, one JSON line a claim.

`python -m benchmarks.early_warning [--weeks 3] [--seeds 10]`. A ramp of the register from 1 to 8 s; missed is
the first single call of more than its deadline of 3 s, and, later, the first case of more than 15 s.
"""

from __future__ import annotations

import argparse

from benchmarks.claims import Claim, percentile, say
from consumers.early_warning.tape import Tried, play
from tests.consumers.early_warning.days import REGISTER, START_US, Day, S, budget_of, ramp

__all__ = ["main"]

_HOUR_US = 3_600 * S
# Calls a minute and how long the ramp takes, s.
_RAMPS = ((6, 600), (20, 300), (20, 600), (20, 1_800), (60, 120), (60, 300), (60, 600))
_SCATTER = (0.1, 0.25)


def main() -> None:
    """Play quiet weeks, then ramps of each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weeks", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=10)
    asked = parser.parse_args()
    _quiet(asked.weeks)
    for scatter in _SCATTER:
        for per_min, lasts_s in _RAMPS:
            _ramp(per_min, lasts_s, scatter, asked.seeds)


def _quiet(weeks: int) -> None:
    false, seen = 0, 0
    for seed in range(weeks):
        tries = Day(100 + seed, 7 * 24).make()
        seen += len(tries)
        false += sum(said.trouble is not None for said in play(tries, budget_of))
    # With none seen, the upper end of a 95 % interval is three ("rule of three").
    high = 3 / weeks if not false else float(false) / weeks * 2
    say(
        Claim(
            claim="false warnings in a quiet week",
            value=false / weeks,
            unit="a week",
            target=0,
            met=false == 0,
            n=weeks,
            low=0,
            high=high,
            against={"tries": float(seen)},
        )
    )


def _ramp(per_min: int, lasts_s: int, scatter: float, seeds: int) -> None:
    leads = [_lead(seed, per_min, lasts_s, scatter) for seed in range(seeds)]
    calls, cases = [call for call, _ in leads], [case for _, case in leads]
    say(
        Claim(
            claim=f"register 1 to 8 s in {lasts_s} s, {per_min} calls a minute, scatter {scatter}: "
            "warned so long before the first call over 3 s, median",
            value=percentile(calls, 0.5),
            unit="s",
            target=0,
            met=min(calls) > 0,
            n=seeds,
            low=min(calls),
            high=max(calls),
            against={
                "share warned before it": sum(lead > 0 for lead in calls) / seeds,
                "least before the first case over 15 s, s": min(cases),
            },
        )
    )


def _lead(seed: int, per_min: int, lasts_s: int, scatter: float) -> tuple[float, float]:
    """Give how long before the first missed call, and the first late case, the warning came; s."""
    begins_us = START_US + _HOUR_US
    day = Day(
        seed, 1 + lasts_s / 3_600, per_min=per_min, register_ms=1_000, register_sigma=scatter, failures_01=0
    )
    day.rhythm, day.slower = False, ramp(begins_us, lasts_s, first=1, last=8)
    tries = day.make()
    said = [s.at_us for s in play(tries, budget_of) if s.about == REGISTER and s.trouble is not None]
    first_us = min((at_us for at_us in said if at_us > begins_us), default=begins_us + lasts_s * S)
    return (_missed(tries, REGISTER, begins_us) - first_us) / S, (
        _missed(tries, "case/all", 0) - first_us
    ) / S


def _missed(tries: list[Tried], about: str, after_us: int) -> int:
    missed = (t.ended_us or 0 for t in tries if t.about == about and t.failed and t.began_us > after_us)
    return min(missed, default=tries[-1].began_us)


if __name__ == "__main__":
    main()
