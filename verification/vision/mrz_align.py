"""Lays the fixed pitch of a machine readable zone over a strip of ink: where each character's cell is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verification.vision.mrz_net import CELL_HEIGHT_PX, CELL_WIDTH_PX, CHARACTERS, CellNet
from verification.vision.mrz_strip import MARGIN_CELLS, SLACK_PX, Strip

__all__ = ["Reading", "align"]

_STRIDE_PX = 2
_STEP = CELL_WIDTH_PX // _STRIDE_PX
_BEND_COST = 0.5  # nats for a cell one stride nearer or farther than the pitch: print and camera bend slowly
_END_FREEDOM = round(1.3 * _STEP)
_ROW_COST = 0.08  # nats a cell, times the square of the rows it is moved: a line's fit is right within two
_NUDGES_PX = (-1, 0, 1)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the network sees in each cell of a line: (n, 37) log-probabilities, and the mean of the best."""

    cells: NDArray[np.float32]
    mean_log: float


def align(net: CellNet, strip: Strip, cell_count: int) -> Reading:
    """Find the chain of cells that reads best, each about a pitch after the one before it.

    The chain may bend: a cell lies 14, 16 or 18 pixels after the last one (a second-order pitch and more).
    """
    columns = _chain(_emissions(net, strip), cell_count)
    cells = _settled(net, strip, columns)
    return Reading(cells, float(cells.max(axis=1).mean()))


def _emissions(net: CellNet, strip: Strip) -> NDArray[np.float32]:
    """Score every window of the strip: how surely it shows one whole character."""
    windows = _windows(strip)[SLACK_PX, ::_STRIDE_PX]
    return np.asarray(net.log_probabilities(np.ascontiguousarray(windows))[:, : len(CHARACTERS)].max(axis=1))


def _windows(strip: Strip) -> NDArray[np.float32]:
    return np.lib.stride_tricks.sliding_window_view(strip.ink, (CELL_HEIGHT_PX, CELL_WIDTH_PX))


def _chain(emissions: NDArray[np.float32], cell_count: int) -> NDArray[np.int64]:
    """Find the best chain (Viterbi) and return its cells' left edges in pixels."""
    places = np.arange(len(emissions))
    start = MARGIN_CELLS * _STEP
    total = np.where(np.abs(places - start) <= _END_FREEDOM, emissions, -np.inf)
    came_by = np.zeros((cell_count, len(emissions)), np.int64)
    for cell in range(1, cell_count):
        ways = np.stack([_moved(total, _STEP + bend) - _BEND_COST * abs(bend) for bend in (-1, 0, 1)])
        came_by[cell] = ways.argmax(axis=0)
        total = ways.max(axis=0) + emissions
    end = start + (cell_count - 1) * _STEP
    place = int(np.where(np.abs(places - end) <= 2 * _END_FREEDOM, total, -np.inf).argmax())
    chain = [place]
    for cell in range(cell_count - 1, 0, -1):
        place -= _STEP + int(came_by[cell, place]) - 1
        chain.append(max(place, 0))
    return np.array(chain[::-1]) * _STRIDE_PX


def _moved(scores: NDArray[np.float64], by: int) -> NDArray[np.float64]:
    return np.concatenate([np.full(by, -np.inf), scores[:-by]])


def _settled(net: CellNet, strip: Strip, columns: NDArray[np.int64]) -> NDArray[np.float32]:
    """Move each cell to where it reads best: a pixel aside on its own, up or down on a line of all."""
    windows = _windows(strip)
    rows = np.arange(windows.shape[0])
    across = np.clip(columns[:, None] + _NUDGES_PX, 0, windows.shape[1] - 1)
    grid = windows[rows[:, None, None], across[None]]
    scores = net.log_probabilities(grid.reshape(-1, CELL_HEIGHT_PX, CELL_WIDTH_PX))[:, : len(CHARACTERS)]
    shaped = scores.reshape(*grid.shape[:3], -1)
    belief = shaped.max(axis=3)
    row = _rows(belief.max(axis=2))
    cell = np.arange(len(columns))
    nudge = belief[row, cell].argmax(axis=1)
    return np.asarray(shaped[row, cell, nudge], np.float32)


def _rows(belief: NDArray[np.float32]) -> NDArray[np.int64]:
    """Choose the cells' row offsets: of all straight lines from first to last cell the best to read."""
    count, cells = belief.shape
    along = np.linspace(0, 1, cells)
    ends = [(first, last) for first in range(count) for last in range(count)]
    paths = np.array([np.rint(first + (last - first) * along) for first, last in ends], np.int64)
    belief = belief - np.float32(_ROW_COST) * (np.arange(count, dtype=np.float32)[:, None] - count // 2) ** 2
    totals = belief[paths, np.arange(cells)].sum(axis=1)
    return np.asarray(paths[int(totals.argmax())])
