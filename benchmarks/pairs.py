"""Times two ways of doing a thing in turns, so that a busy machine slows both; standard library only."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

__all__ = ["Pair", "paired"]


@dataclass(frozen=True, slots=True)
class Pair:
    """Seconds a call of each way, medians of the rounds, and the ratio's median and quartiles."""

    first_s: float
    second_s: float
    ratio: float
    low: float
    high: float
    rounds: int

    def as_dict(self) -> dict[str, float]:
        """Give it as JSON takes it."""
        return asdict(self)


def paired(
    first: Callable[[], object], second: Callable[[], object], *, rounds: int = 25, times: int = 100
) -> Pair:
    """Call both ways `times` times in each of `rounds` rounds, after a round that is not counted."""
    _seconds(first, times), _seconds(second, times)
    seen = [(_seconds(first, times), _seconds(second, times)) for _ in range(rounds)]
    ratios = sorted(b / a for a, b in seen)
    low, _, high = statistics.quantiles(ratios, n=4)
    return Pair(
        first_s=statistics.median(a for a, _ in seen) / times,
        second_s=statistics.median(b for _, b in seen) / times,
        ratio=statistics.median(ratios),
        low=low,
        high=high,
        rounds=rounds,
    )


def _seconds(call: Callable[[], object], times: int) -> float:
    began_s = time.perf_counter()
    for _ in range(times):
        call()
    return time.perf_counter() - began_s
