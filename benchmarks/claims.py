"""A promise with its figure: one JSON line, with the interval the sample allows."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

__all__ = ["Claim", "percentile", "percentile_interval", "say"]

_Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One promise: what was measured, against what, on how many, with its 95 % interval."""

    claim: str
    value: float
    unit: str
    target: float
    met: bool
    n: int
    low: float
    high: float
    against: dict[str, float] = field(default_factory=dict)


def say(claim: Claim) -> None:
    """Print a claim as one line of JSON."""
    print(json.dumps(asdict(claim)), flush=True)


def percentile(values: Sequence[float], share_01: float) -> float:
    """Give the smallest value that at least this share of the sample does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, math.ceil(share_01 * len(ordered)) - 1))]


def percentile_interval(values: Sequence[float], share_01: float) -> tuple[float, float]:
    """Bound a percentile by order statistics, 95 % (binomial, by its normal approximation; Conover 1999)."""
    n = len(values)
    ordered = sorted(values)
    spread = _Z95 * math.sqrt(n * share_01 * (1 - share_01))
    low = max(0, math.floor(n * share_01 - spread) - 1)
    high = min(n - 1, math.ceil(n * share_01 + spread) - 1)
    return ordered[low], ordered[high]
