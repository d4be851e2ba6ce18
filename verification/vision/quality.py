"""Whether one picture is good enough to be read and judged: whole, upright, sharp, without glare."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import measure as skimage_measure

from verification.vision.grades import Box, Cue
from verification.vision.images import Bgr
from verification.vision.page import Page, rectify

__all__ = ["THRESHOLDS", "measure"]

THRESHOLDS = {
    # Least confidence of a page; below it the picture shows none.
    "page_01": 0.35,
    # Most blur, scikit-image's `blur_effect` (Crete 2007). Specimens at blur sigma 0.9 / 1.6 / 4 / 5 px of
    # the page: 0.20-0.26 / 0.26-0.29 / 0.45-0.51 / 0.53-0.60; Tesseract begins to lose fields at 5.
    "blur_01": 0.52,
    # Largest burnt-out spot, as a share of the page. Specimens without the fault 0.010 at most (n = 200),
    # with it 0.055 at least.
    "glare_01": 0.02,
    # How far a corner may lie outside of the picture, as a share of its longer side: the corners' own error.
    "outside_01": 0.002,
}

_LOOK = (800, 505)
_BURNT = 250
# The ghost image and the hologram lie on the right of both classes and shine in every good picture.
_SHINING = (slice(150, 380), slice(656, 800))
_TEXT = (slice(0, 505), slice(260, 680))


def measure(bgr: Bgr, page: Page | None) -> tuple[Cue, ...]:
    """Grades one picture (BGR uint8) whose page was looked for.

    The cues are `page`, then when there is one `upright`, `whole`, `sharp` and `glare`. Scores: the page's
    confidence 0..1; its aspect; the furthest corner's distance outside as a share of the longer side
    (negative: inside); blur 0..1; the largest burnt-out spot's share of the page. Boxes are in the picture's
    pixels.
    """
    if page is None or page.confidence_01 < THRESHOLDS["page_01"]:
        return (Cue("page", "unavailable", ("no_document",)),)
    found = Cue("page", "clear", score=page.confidence_01, box=_box(page.corners))
    if page.sideways:
        return found, Cue("upright", "unavailable", ("unreadable",), page.aspect, found.box)
    look = rectify(bgr, page.corners, width_px=2 * _LOOK[0], height_px=2 * _LOOK[1])
    look = np.asarray(cv2.resize(look, _LOOK, interpolation=cv2.INTER_AREA), np.uint8)
    return (
        found,
        Cue("upright", "clear", score=page.aspect),
        _whole(bgr, page),
        _sharp(look),
        _glare(look, page),
    )


def _whole(bgr: Bgr, page: Page) -> Cue:
    height, width = bgr.shape[:2]
    outside = np.maximum(-0.5 - page.corners, page.corners - (width - 0.5, height - 0.5)).max(axis=1)
    share = float(outside.max()) / max(height, width)
    # A scan that is nothing but the page has all four corners in the picture's own, and nothing is cut.
    if share <= -THRESHOLDS["outside_01"] or bool((np.abs(outside) < 1).all()):
        return Cue("whole", "clear", score=share)
    return Cue("whole", "caution", ("cut_off",), share, _box(page.corners))


def _sharp(look: Bgr) -> Cue:
    grey = np.asarray(cv2.cvtColor(look, cv2.COLOR_BGR2GRAY), np.uint8)
    untyped: Callable[..., float] = skimage_measure.blur_effect
    blur = float(untyped(grey[_TEXT], h_size=11))
    if blur <= THRESHOLDS["blur_01"]:
        return Cue("sharp", "clear", score=blur)
    return Cue("sharp", "caution", ("blurred",), blur)


def _glare(look: Bgr, page: Page) -> Cue:
    burnt = (look.min(axis=2) >= _BURNT).astype(np.uint8)
    burnt[_SHINING] = 0
    # A page that is white all over, as a scan is, tells nothing about light.
    if burnt.mean() > 0.5:
        return Cue("glare", "clear", score=0.0)
    burnt = np.asarray(cv2.morphologyEx(burnt, cv2.MORPH_OPEN, np.ones((15, 15), np.uint8)), np.uint8)
    _, _, boxes, _ = cv2.connectedComponentsWithStats(burnt)
    spots = boxes[1:]
    if not len(spots):
        return Cue("glare", "clear", score=0.0)
    spot = spots[int(spots[:, cv2.CC_STAT_AREA].argmax())]
    share = float(spot[cv2.CC_STAT_AREA]) / burnt.size
    if share <= THRESHOLDS["glare_01"]:
        return Cue("glare", "clear", score=share)
    return Cue("glare", "caution", ("glare",), share, _in_picture(spot, page))


def _in_picture(spot: NDArray[np.generic], page: Page) -> Box:
    left, top, width, height = (float(value) for value in np.asarray(spot, np.float64)[:4])
    ends = np.array([[left, top], [left + width, top], [left + width, top + height], [left, top + height]])
    size = np.array([[0, 0], [_LOOK[0], 0], _LOOK, [0, _LOOK[1]]], np.float32)
    plane = cv2.getPerspectiveTransform(size, page.corners)
    onto = cv2.perspectiveTransform(ends.astype(np.float32).reshape(-1, 1, 2), plane)
    return _box(np.asarray(onto, np.float32).reshape(4, 2))


def _box(corners: NDArray[np.float32]) -> Box:
    left, top = (int(value) for value in np.floor(corners.min(axis=0)))
    right, bottom = (int(value) for value in np.ceil(corners.max(axis=0)))
    return Box(left, top, right - left, bottom - top)
