"""Was a printed field changed? One card printer sets all fields in one typeface on one background.

Each field is compared with the others of its own card, so that light, focus and camera cancel out: letters of
another weight, or a background that was painted over, stand apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from verification.vision.faces import Picture
from verification.vision.grades import Box, Cue
from verification.vision.tamper_bands import LEAST_BACKGROUND, LEAST_STROKE
from verification.vision.tamper_layout import Layout

__all__ = ["Row", "look_at_row", "text_cue"]

_INK_CONTRAST = 60
"""Letters are so many grey levels darker than the lightest ground around them."""

_LEAST_INK_PX = 400
_LEAST_ROWS = 5
_CLOSE = np.ones((25, 25), np.uint8)
_CLEAR_OF_INK = np.ones((19, 19), np.uint8)
_NEIGHBOURS = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class Row:
    """One field's look: stroke width over its line's height, and strength of the background's colours."""

    box: Box
    stroke: float
    background: float


def text_cue(page_bgr: Picture, layout: Layout | None, *, copied: bool = False) -> Cue:
    """Judges whether one field stands apart from the others.

    The score is the worst field's likeness over its bar: below 1 is suspected, and the box is that field.
    Of a copy (`copied`) only the letters are compared: its background's colours are the copier's.
    """
    if layout is None or not layout.rows:
        return Cue("text_edit", "not_applicable")
    rows = [row for row in (look_at_row(page_bgr, box) for box in layout.rows) if row is not None]
    if len(rows) < _LEAST_ROWS:
        return Cue("text_edit", "unavailable", ("unreadable",))
    score, row = min(((_likeness(row, rows, copied=copied), row) for row in rows), key=lambda pair: pair[0])
    if score >= 1:
        return Cue("text_edit", "clear", (), score)
    return Cue("text_edit", "suspected", ("text_altered",), score, row.box)


def look_at_row(page_bgr: Picture, box: Box) -> Row | None:
    """Measures one field's line on a rectified page; None where no letters are seen."""
    part = page_bgr[box.y : box.y + box.height, box.x : box.x + box.width]
    grey = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)
    light = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, _CLOSE)
    ink = (cv2.subtract(light, grey) > _INK_CONTRAST).astype(np.uint8)
    free = cv2.dilate(ink, _CLEAR_OF_INK) == 0
    if int(ink.sum()) < _LEAST_INK_PX or not free.any():
        return None
    depth = cv2.distanceTransform(ink, cv2.DIST_L2, 3)
    middle = (depth == cv2.dilate(depth, _NEIGHBOURS)) & (ink > 0)
    colour = part[..., 2].astype(np.float32) - part[..., 0]
    lines = cv2.GaussianBlur(colour, (0, 0), 1.5) - cv2.GaussianBlur(colour, (0, 0), 5)
    return Row(box, float(depth[middle].mean()) / box.height, float(np.percentile(np.abs(lines[free]), 75)))


def _likeness(row: Row, rows: Sequence[Row], *, copied: bool) -> float:
    others = [other for other in rows if other is not row]
    stroke = row.stroke / float(np.median([other.stroke for other in others]))
    letters = min(stroke, 1 / stroke) / LEAST_STROKE
    background = row.background / max(float(np.median([other.background for other in others])), 1e-6)
    return letters if copied else min(letters, background / LEAST_BACKGROUND)
