"""Finds what a person did in a face track: heads turned, eyes held shut, and when each began."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter

__all__ = ["Closure", "Side", "Turn", "closures", "smooth", "turns"]

Floats = NDArray[np.float64]
Side = Literal["left", "right"]

GRID_MS = 1000 / 30
SMOOTHING_MS = 35.0
LEAST_CLOSURE_MS, LONGEST_CLOSURE_MS = 50.0, 2_000.0
OPEN_SHARE = 0.3  # a closure begins where the score has fallen to this share of its peak


@dataclass(frozen=True, slots=True)
class Turn:
    """A head turned: its side (the person's own), onset and peak (ms), and the peak's yaw proxy."""

    side: Side
    onset_ms: float
    peak_ms: float
    peak: float


@dataclass(frozen=True, slots=True)
class Closure:
    """Both eyes shut: onset (ms) and how long the score stayed at one half and more (ms)."""

    onset_ms: float
    length_ms: float


def smooth(t_ms: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Put values on an even grid of 30 a second, without single outliers and with little noise.

    Args:
        t_ms: (n,) rising times, n >= 2.
        values: (n,) without NaN.

    Returns:
        Times and values, each (m,).
    """
    grid = np.arange(t_ms[0], t_ms[-1] + 1e-6, GRID_MS)
    steady = median_filter(values, size=min(3, len(values)), mode="nearest")
    even = np.interp(grid, t_ms, steady)
    return grid, np.asarray(gaussian_filter1d(even, SMOOTHING_MS / GRID_MS, mode="nearest"))


def turns(t_ms: Floats, yaw: Floats, *, least: float) -> tuple[Turn, ...]:
    """Find each stretch where the yaw proxy stands `least` and more from its median, in order of time."""
    grid, even = smooth(t_ms, yaw)
    away = even - np.median(yaw)
    found = [turn for side in ("left", "right") for turn in _turns_to(grid, away, side, least)]
    return tuple(sorted(found, key=lambda turn: turn.onset_ms))


def _turns_to(grid: Floats, away: Floats, side: Side, least: float) -> Iterator[Turn]:
    signed = away if side == "left" else -away
    for start, end in _stretches(signed >= least):
        top = start + int(np.argmax(signed[start:end]))
        peak = float(signed[top])
        yield Turn(side, _onset_ms(grid, signed, top), float(grid[top]), peak)


def _onset_ms(grid: Floats, signed: Floats, top: int) -> float:
    """Carry the line through the 20 % and 50 % crossings of the rise down to 0."""
    half_ms = _crossing_ms(grid, signed, top, 0.5)
    fifth_ms = _crossing_ms(grid, signed, top, 0.2)
    return max(0.0, fifth_ms - (half_ms - fifth_ms) * 0.2 / 0.3)


def _crossing_ms(grid: Floats, signed: Floats, top: int, share: float) -> float:
    level = share * signed[top]
    below = np.flatnonzero(signed[:top] < level)
    if not len(below):
        return float(grid[0])
    last = int(below[-1])
    step = (level - signed[last]) / (signed[last + 1] - signed[last])
    return float(grid[last] + step * (grid[last + 1] - grid[last]))


def closures(t_ms: Floats, shut_01: Floats) -> tuple[Closure, ...]:
    """Find each time both eyes were shut for 50 ms to 2 s."""
    grid = np.arange(t_ms[0], t_ms[-1] + 1e-6, GRID_MS / 2)
    score = np.interp(grid, t_ms, shut_01)
    found = [_closure(grid, score, start, end) for start, end in _stretches(score >= 0.5)]
    return tuple(one for one in found if LEAST_CLOSURE_MS <= one.length_ms < LONGEST_CLOSURE_MS)


def _closure(grid: Floats, score: Floats, start: int, end: int) -> Closure:
    level = OPEN_SHARE * float(score[start:end].max())
    open_before = np.flatnonzero(score[:start] < level)
    onset_ms = float(grid[open_before[-1]]) if len(open_before) else float(grid[0])
    return Closure(onset_ms, float(grid[end - 1] - grid[start]))


def _stretches(marks: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marks, [False]])))
    yield from ((int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True))
