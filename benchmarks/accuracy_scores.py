"""Figures of a two-class score: true accepts at a false-accept rate, equal error rate, area under the curve.

A score here is always "higher means accept" (use the negated distance for faces).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy_report import LEAST_N, Figure, share

__all__ = ["area_under_curve", "equal_error_rate", "true_accepts_at"]

_Z_95 = 1.959963984540054

Scores = NDArray[np.float64]


def true_accepts_at(false_accept_rate: float, genuine: Sequence[float], impostor: Sequence[float]) -> Figure:
    """Makes the true-accept rate at the loosest threshold whose false accepts stay within the rate.

    A rate below 1 / (number of impostor pairs) cannot be measured: the figure then has no value and says so.
    """
    name = f"TAR at FAR {false_accept_rate:.1%}"
    allowed = math.floor(false_accept_rate * len(impostor) + 1e-9)
    if allowed < 1:
        return Figure(name, None, "share", len(genuine), note=f"n too small ({len(impostor)} impostor pairs)")
    bar = sorted(impostor, reverse=True)[allowed] if allowed < len(impostor) else -math.inf
    figure = share(name, sum(score > bar for score in genuine), len(genuine))
    remark = f"above {bar:.3f}; {allowed} of {len(impostor)} impostor pairs accepted at most"
    return Figure(name, figure.value, "share", figure.n, figure.low, figure.high, remark)


def equal_error_rate(genuine: Sequence[float], impostor: Sequence[float]) -> Figure:
    """Makes the error rate at which false accepts and false rejects are alike.

    The interval is Wilson's for the smaller class, which is the wider of the two.
    """
    if not genuine or not impostor:
        return Figure("EER", None, "share", 0, note="needs both classes")
    same, other = np.asarray(genuine), np.asarray(impostor)
    bars = np.unique(np.concatenate([same, other]))
    rejects = np.searchsorted(np.sort(same), bars, side="left") / len(same)
    accepts = 1 - np.searchsorted(np.sort(other), bars, side="left") / len(other)
    at = int(np.argmin(np.abs(rejects - accepts)))
    rate, n = float(rejects[at] + accepts[at]) / 2, min(len(same), len(other))
    bounds = share("EER", round(rate * n), n)
    return Figure(
        "EER", rate, "share", n, bounds.low, bounds.high, f"at {bars[at]:.3f} {bounds.note}".strip()
    )


def area_under_curve(name: str, genuine: Sequence[float], impostor: Sequence[float]) -> Figure:
    """Makes the chance that a genuine score is above an impostor's (ties count half).

    The interval is by Hanley and McNeil 1982 (Radiology 143, 29).
    """
    if not genuine or not impostor:
        return Figure(name, None, "share", 0, note="needs both classes")
    area = _area(np.asarray(genuine), np.asarray(impostor))
    error = _area_error(area, len(genuine), len(impostor))
    n = min(len(genuine), len(impostor))
    note = "" if n >= LEAST_N else f"n too small (needs {LEAST_N} of each)"
    low, high = max(0.0, area - _Z_95 * error), min(1.0, area + _Z_95 * error)
    return Figure(name, area, "share", n, low, high, note)


def _area(genuine: Scores, impostor: Scores) -> float:
    ordered = np.sort(impostor)
    below = np.searchsorted(ordered, genuine, side="left")
    ties = np.searchsorted(ordered, genuine, side="right") - below
    return float((below + ties / 2).sum() / (len(genuine) * len(impostor)))


def _area_error(area: float, genuine_n: int, impostor_n: int) -> float:
    both_above = area / (2 - area)
    both_below = 2 * area**2 / (1 + area)
    spread = (
        area * (1 - area)
        + (genuine_n - 1) * (both_above - area**2)
        + (impostor_n - 1) * (both_below - area**2)
    )
    return math.sqrt(max(0.0, spread) / (genuine_n * impostor_n))
