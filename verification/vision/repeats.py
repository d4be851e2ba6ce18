"""Finds pictures that repeat exactly: a clip that was frozen, or cut into a loop."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["frozen_ms", "loop_likeness"]

SAME = 0.03  # mean absolute luma difference of thumbnails below which two frames are one
LOOP_MS = (700.0, 3_500.0)
LEAST_LOOP_DIFFERENCE = 0.8  # two moments of a filmed person differ by more than this


def frozen_ms(frame_ms: NDArray[np.float64], thumbs: NDArray[np.uint8]) -> float:
    """Measure the longest stretch of unchanging thumbnails (n, 36, 64) at times (n,), in ms."""
    longest, start = 0.0, 0
    for index, difference in enumerate(_differences(thumbs, 1), start=1):
        if difference >= SAME:
            start = index
        longest = max(longest, float(frame_ms[index] - frame_ms[start]))
    return longest


def loop_likeness(frame_ms: NDArray[np.float64], thumbs: NDArray[np.uint8]) -> float | None:
    """Measure how much more alike frames are at the best lag of .7 to 3.5 s than at the usual one.

    Returns:
        Least mean difference over the lags / their median: about 0 for a loop, .3 and more for a person.
        None where the clip is too short, or where even the best lag differs plainly.
    """
    if len(frame_ms) < 3:
        return None
    step_ms = float(frame_ms[-1] - frame_ms[0]) / (len(frame_ms) - 1)
    first, last = round(LOOP_MS[0] / step_ms), min(round(LOOP_MS[1] / step_ms), len(frame_ms) * 3 // 4)
    means = [float(_differences(thumbs, lag).mean()) for lag in range(max(first, 1), last)]
    if not means or min(means) >= LEAST_LOOP_DIFFERENCE:
        return None
    return min(means) / max(float(np.median(means)), 1e-6)


def _differences(thumbs: NDArray[np.uint8], lag: int) -> NDArray[np.float64]:
    """Mean absolute difference of thumbnails `lag` frames apart, (n - lag,)."""
    later, earlier = thumbs[lag:], thumbs[:-lag]
    apart = np.maximum(later, earlier) - np.minimum(later, earlier)
    return np.asarray(apart.mean(axis=(1, 2)), np.float64)
