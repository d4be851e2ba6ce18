"""Tells a turned head from a turned picture of one: there the eyes draw together more than the nose moves."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from verification.vision.turns import Turn, smooth

__all__ = ["sheet"]


def sheet(t_ms: NDArray[np.float64], ied_px: NDArray[np.float64], found: Iterable[Turn]) -> float | None:
    """Measure (1 - eye distance at a turn's peak / at its onset) / rise of the yaw proxy, the largest of all.

    .1 to .8 for a head (median .45 rendered, .15 filmed), .9 and more for a flat or bent sheet.

    Args:
        t_ms: (n,) times.
        ied_px: (n,) eye distance at these times.
        found: The turns of the track.

    Returns:
        The ratio; None when no turn was seen.
    """
    grid, even = smooth(t_ms, ied_px)
    ratios = [_ratio(grid, even, turn) for turn in found]
    return max(ratios, default=None)


def _ratio(grid: NDArray[np.float64], even: NDArray[np.float64], turn: Turn) -> float:
    onset, peak = np.interp([turn.onset_ms, turn.peak_ms], grid, even)
    return float((1 - peak / onset) / turn.peak)
