"""Seeded days of a product: how many cases come, how long each step takes, and what goes wrong."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from consumers.early_warning.settings import Budgets
from consumers.early_warning.tape import Tried

__all__ = ["CALL", "REGISTER", "START_US", "STEPS", "Day", "budget_of", "ramp"]

S = 1_000_000
# 2026-03-02 00:00 UTC, a Monday.
START_US = 1_772_409_600 * S
REGISTER = "dependency/licence_register"
CALL = 3_000.0
# The median of each step, ms, and the standard deviation of its logarithm: heavy tails, one in a thousand at
# 4 to 8 times the median.
STEPS = {
    "step/quality": (90.0, 0.45),
    "step/rectify": (160.0, 0.5),
    "step/read": (420.0, 0.55),
    "step/portrait": (120.0, 0.4),
    "step/tamper": (300.0, 0.6),
    "step/face_track": (700.0, 0.5),
    "step/face_match": (130.0, 0.6),
}

Shape = Callable[[int], float]


def budget_of(about: str) -> float:
    """Give the product's budgets, ms."""
    return CALL if about == REGISTER else Budgets().of(about)


def _as_ever(_at_us: int) -> float:
    return 1.0


@dataclass(slots=True)
class Day:
    """A time of the product; `per_min` cases come at the height of the day, a tenth as many at night.

    `register_ms` and `register_sigma` are the register's median and spread; `failures_01` how often a single
    try fails. `slower` multiplies the register's median by the moment.
    """

    seed: int
    hours: float
    per_min: float = 4.0
    register_ms: float = 350.0
    register_sigma: float = 0.45
    failures_01: float = 0.002
    rhythm: bool = True
    slower: Shape = _as_ever
    refuses: Callable[[int], bool] = lambda _at_us: False
    tries: list[Tried] = field(default_factory=list)

    def make(self) -> list[Tried]:
        """Draw everything that happens."""
        rng = random.Random(self.seed)
        at_us, end_us, case = float(START_US), START_US + self.hours * 3_600 * S, 0
        while at_us < end_us:
            load = self._load(at_us)
            at_us += rng.expovariate(self.per_min * load) * 60 * S
            case += 1
            self._case(rng, f"case-{self.seed}-{case}", int(at_us), load)
        return self.tries

    def _load(self, at_us: float) -> float:
        """Give the share of the full load: a tenth at four in the morning, all at four in the afternoon."""
        hour = (at_us - START_US) / (3_600 * S) % 24
        return 0.55 - 0.45 * math.cos((hour - 4) / 24 * 2 * math.pi) if self.rhythm else 1.0

    def _case(self, rng: random.Random, case: str, at_us: int, load: float) -> None:
        # At the height of the day everything takes a quarter longer than at night.
        busy = 0.85 + 0.25 * load
        last_us = at_us
        for about, (median_ms, sigma) in STEPS.items():
            ms = rng.lognormvariate(math.log(median_ms * busy), sigma)
            last_us = max(last_us, self._add(rng, about, case, at_us, ms))
        last_us = max(last_us, self._ask(rng, case, at_us + 600_000, busy))
        self.tries.append(
            Tried("case/all", case, at_us, min(last_us, at_us + 15 * S), last_us > at_us + 15 * S)
        )

    def _add(self, rng: random.Random, about: str, case: str, at_us: int, ms: float) -> int:
        overran = ms > 8_000
        ended_us = at_us + int(min(ms, 8_000) * 1_000)
        self.tries.append(Tried(about, case, at_us, ended_us, overran or rng.random() < self.failures_01))
        return ended_us

    def _ask(self, rng: random.Random, case: str, at_us: int, busy: float) -> int:
        """Ask the register; what fails is asked again, as the product does, after a pause."""
        for attempt in range(5):
            ms = rng.lognormvariate(
                math.log(self.register_ms * busy * self.slower(at_us)), self.register_sigma
            )
            refused = self.refuses(at_us) or rng.random() < self.failures_01
            took_ms = 40.0 if refused else min(ms, CALL)
            ended_us = at_us + int(took_ms * 1_000)
            failed = refused or ms > CALL
            self.tries.append(Tried(REGISTER, case, at_us, ended_us, failed))
            at_us = ended_us + int(rng.uniform(0.2, 0.6) * 2**attempt * S)
            if not failed:
                return ended_us
        return at_us


def ramp(begin_us: int, lasts_s: float, *, first: float, last: float) -> Shape:
    """Multiply by a factor that rises in a straight line, and stays where it came to."""

    def factor(at_us: int) -> float:
        if at_us < begin_us:
            return first
        return first + (last - first) * min(1.0, (at_us - begin_us) / (lasts_s * S))

    return factor
