"""Finds long lines of print on a picture and cuts each out straight, as ink at a known pitch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verification.vision.mrz_net import CELL_HEIGHT_PX, CELL_WIDTH_PX

__all__ = ["MARGIN_CELLS", "SLACK_PX", "Baseline", "Strip", "cut", "find_lines", "ink"]

Grey = NDArray[np.uint8]
MARGIN_CELLS = 2  # cells of ground kept left and right of the print
SLACK_PX = 3  # rows kept above and below the cells, for print that lies a little higher or lower
_WORK_WIDTH_PX = 1000
_MIN_WIDTH_SHARE = 0.3
_MIN_LONGNESS = 9.0  # a zone's line is at least 30 cells long and 1 high
_TALL_PX, _LONG_PX, _FLAT_PX = 60, 100, 8  # at the work width, where a zone's letters are 10 to 35 px high
_GLYPH_SHARE = 0.65  # a character's own width in a cell of OCR-B


@dataclass(frozen=True, slots=True)
class Baseline:
    """The middle of one printed line in pixels of the picture: y = `y_px` + `slope` * (x - `left_px`)."""

    left_px: float
    right_px: float
    y_px: float
    slope: float
    height_px: float

    @property
    def width_px(self) -> float:
        """Give the length from the first ink to the last."""
        return self.right_px - self.left_px


@dataclass(frozen=True, slots=True)
class Strip:
    """One line cut out straight: ink in 0..1, (24 + 2 * SLACK_PX, width), a cell is 16 px wide."""

    ink: NDArray[np.float32]
    line: Baseline


def find_lines(grey: Grey) -> tuple[Baseline, ...]:
    """Find lines of print at least 30 % of the picture wide, from top to bottom."""
    scale = _WORK_WIDTH_PX / grey.shape[1]
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=way), np.uint8)
    dark = cv2.morphologyEx(small, cv2.MORPH_BLACKHAT, np.ones((21, 21), np.uint8))
    level, _ = cv2.threshold(dark, 0, 255, cv2.THRESH_OTSU)
    mask = np.asarray(dark > max(level, 24), np.uint8)
    mask = _without_frames(mask)
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((1, 27), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(closed)
    lines = [
        line
        for label, (x, y, width, height, _) in enumerate(stats.tolist())
        if label and width >= _MIN_WIDTH_SHARE * _WORK_WIDTH_PX and width >= _MIN_LONGNESS * height
        for line in _fit(
            mask[y : y + height, x : x + width] * (labels[y : y + height, x : x + width] == label), x, y
        )
    ]
    return tuple(sorted((_scaled(line, 1 / scale) for line in lines), key=lambda line: line.y_px))


def cut(grey: Grey, line: Baseline, cell_count: int) -> Strip:
    """Cut a line out at the pitch that `cell_count` characters between its ends would have."""
    pitch_px = line.width_px / (cell_count - 1 + _GLYPH_SHARE)
    step = pitch_px / CELL_WIDTH_PX
    width = (cell_count + 2 * MARGIN_CELLS) * CELL_WIDTH_PX
    height = CELL_HEIGHT_PX + 2 * SLACK_PX
    left = line.left_px - (MARGIN_CELLS + (1 - _GLYPH_SHARE) / 2) * pitch_px
    top = line.y_px + line.slope * (left - line.left_px) - height / 2 * step
    onto = np.array([[step, 0, left], [line.slope * step, step, top]], np.float32)
    # A strip is often smaller than its source: without smoothing every other pixel would be lost.
    x, y = max(round(left), 0), max(round(top - 2 * height * step), 0)
    window = grey[y : round(top + 3 * height * step), x : round(left + (width + 2) * step)]
    if step > 1.4:
        window = np.asarray(cv2.GaussianBlur(window, (0, 0), 0.4 * step), np.uint8)
    onto[:, 2] -= (x, y)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    straight = cv2.warpAffine(window, onto, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return Strip(ink(np.asarray(straight, np.uint8)), line)


def ink(straight: Grey) -> NDArray[np.float32]:
    """Turn grey print into ink in 0..1: 0 is the ground around it, 1 the darkest print nearby."""
    ground = cv2.blur(cv2.dilate(straight, np.ones((15, 15), np.uint8)), (21, 21)).astype(np.float32)
    depth = np.maximum(ground - straight.astype(np.float32), 0)
    strongest = np.percentile(depth, 92)
    nearby = cv2.blur(cv2.dilate(np.minimum(depth, 2 * strongest), np.ones((21, 41), np.uint8)), (33, 21))
    return np.asarray(np.clip(depth / np.maximum(nearby, 0.5 * strongest + 4), 0, 1), np.float32)


def _without_frames(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Drop card edges and frames: what is far taller than a zone's letters, or a mere rule."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    tall = stats[:, cv2.CC_STAT_HEIGHT] > _TALL_PX
    flat = (stats[:, cv2.CC_STAT_WIDTH] > _LONG_PX) & (stats[:, cv2.CC_STAT_HEIGHT] < _FLAT_PX)
    return np.asarray(mask * ~(tall | flat)[labels], np.uint8)


def _fit(mask: NDArray[np.uint8], x: int, y: int) -> Sequence[Baseline]:
    """Lay a line through the middle of a component's ink; nothing for a mere stroke."""
    rows, columns = np.nonzero(mask)
    if len(columns) < 8 * mask.shape[1] // 10:
        return ()
    slope, start = np.polyfit(columns, rows, 1)
    for _ in range(2):
        off = np.abs(rows - start - slope * columns)
        near = off <= 2.2 * max(float(off.mean()), 1.0)
        slope, start = np.polyfit(columns[near], rows[near], 1)
    spread = rows[near] - start - slope * columns[near]
    low, high = np.percentile(spread, (3, 97))
    left, right = float(columns[near].min()), float(columns[near].max() + 1)
    middle = start + slope * left
    return (Baseline(x + left, x + right, float(y + middle + 0.5), float(slope), float(high - low + 1)),)


def _scaled(line: Baseline, by: float) -> Baseline:
    return Baseline(line.left_px * by, line.right_px * by, line.y_px * by, line.slope, line.height_px * by)
