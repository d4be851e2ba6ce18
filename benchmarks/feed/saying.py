"""How what was measured becomes a claim: its value, its interval, and what stands beside."""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Mapping, Sequence

from benchmarks.claims import Claim, percentile, percentile_interval, say

__all__ = ["say_latency", "say_median", "say_none"]


def say_latency(
    said: str,
    values: Sequence[float],
    most_ms: float,
    against: Mapping[str, Sequence[float]],
    rates: Mapping[str, float],
) -> None:
    """Say the 99th percentile, ms; beside it the median, the worst, some rates, and the same of the peers."""
    beside = {"median": percentile(values, 0.5), "max": max(values), **rates}
    for name, theirs in against.items():
        if theirs:
            beside |= {f"{name} p99": percentile(theirs, 0.99), f"{name} median": percentile(theirs, 0.5)}
    value = percentile(values, 0.99)
    between = percentile_interval(values, 0.99)
    _say(said, value, "ms", most_ms, met=value <= most_ms, n=len(values), between=between, against=beside)


def say_median(  # noqa: PLR0913 - a claim has so many parts
    said: str,
    values: Sequence[float],
    unit: str,
    *,
    most: float = 0.0,
    least: float = 0.0,
    against: Mapping[str, float],
) -> None:
    """Say the median of some runs, with the lowest and the highest; at `most` so much, or at `least`."""
    value, between = statistics.median(values), (min(values), max(values))
    met = value <= most if most else value >= least
    _say(said, value, unit, most or least, met=met, n=len(values), between=between, against=against)


def say_none(said: str, count: int, n: int, against: Mapping[str, float]) -> None:
    """Say a count that must be zero, of `n` records."""
    _say(said, count, "records", 0.0, met=count == 0, n=n, between=(count, count), against=against)


def _say(  # noqa: PLR0913 - a claim has so many parts
    said: str,
    value: float,
    unit: str,
    target: float,
    *,
    met: bool,
    n: int,
    between: tuple[float, float],
    against: Mapping[str, float],
) -> None:
    print(f"load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
    say(
        Claim(
            claim=said,
            value=round(value, 2),
            unit=unit,
            target=target,
            met=met,
            n=n,
            low=round(between[0], 2),
            high=round(between[1], 2),
            against={name: round(number, 2) for name, number in against.items()},
        )
    )
