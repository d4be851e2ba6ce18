"""Where the document lies in a photograph, and its page cut out straight at a known scale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import cv2
import numpy as np
from numpy.typing import NDArray

from verification.vision.images import Bgr
from verification.vision.quads import (
    Lab,
    Quad,
    area_share,
    aspect_of,
    by_lines,
    by_surface,
    fit_sides,
    in_order,
)

__all__ = ["ID1", "TD3", "Page", "find_page", "rectify"]

ID1 = (1600, 1010)
"""Width and height in pixels of a rectified card (ISO/IEC 7810 ID-1, 85.6 x 54 mm)."""
TD3 = (1600, 1126)
"""Width and height in pixels of a rectified passport page (ICAO 9303-4, 125 x 88 mm)."""

_FIT_PX = 1000
_SURE = 0.97
_LARGE_PX = 350
_LEAST = 0.35


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A page's outline in a picture.

    `corners` are float32 (4, 2) x, y in the picture's pixels: top left, top right, bottom right, bottom left
    as they lie in it. `aspect` is width over height. `confidence_01` says how much of its sides is seen.
    """

    corners: NDArray[np.float32]
    confidence_01: float
    aspect: float

    @property
    def sideways(self) -> bool:
        """Whether the page stands on its short side."""
        return self.aspect < 0.95

    def turned_180(self) -> Page:
        """The same page with its corners named as they are when the picture is turned upside down."""
        return Page(np.roll(self.corners, 2, axis=0), self.confidence_01, self.aspect)

    def scaled(self, factor: float) -> Page:
        """The same page in the picture made larger by a factor."""
        return Page(_scaled(self.corners, factor), self.confidence_01, self.aspect)


def find_page(bgr: Bgr) -> Page | None:
    """The page that lies in the picture (BGR uint8), or None when nothing looks like one."""
    scale = _FIT_PX / max(bgr.shape[:2])
    middle = _smaller(bgr, scale)
    small = _smaller(middle, 0.5)
    best: Page | None = None
    for quad in _candidates(_lab(small)):
        page = _fitted(middle, _scaled(quad, 2.0))
        if page is not None and (best is None or _rank(page) > _rank(best)):
            best = page
        if best is not None and _is_sure(best):
            break
    return None if best is None else best.scaled(1 / scale)


def rectify(bgr: Bgr, corners: NDArray[np.float32], *, width_px: int, height_px: int) -> Bgr:
    """The page between the corners (as `Page` orders them), straight, BGR uint8 (height_px, width_px, 3)."""
    onto = np.array([[0, 0], [width_px, 0], [width_px, height_px], [0, height_px]], np.float32) - 0.5
    plane = cv2.getPerspectiveTransform(np.asarray(corners, np.float32), onto)
    return np.asarray(
        cv2.warpPerspective(bgr, plane, (width_px, height_px), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _rank(page: Page) -> float:
    # A portrait's frame is as clear a rectangle as its page: of two equally clear ones the larger counts.
    return float(page.confidence_01 * (cv2.contourArea(page.corners) / _FIT_PX**2) ** 0.25)


def _is_sure(page: Page) -> bool:
    return page.confidence_01 >= _SURE and float(cv2.contourArea(page.corners)) >= _LARGE_PX**2


def _candidates(small: Lab) -> Iterator[Quad]:
    return chain(by_surface(small), by_lines(small))


def _smaller(bgr: Bgr, scale: float) -> Bgr:
    # Two steps of whole pixels are three times as fast as one step for a picture of 12 megapixels.
    if scale < 0.5:
        return _smaller(_smaller(bgr, 0.5), scale * 2)
    return np.asarray(cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _scaled(corners: NDArray[np.float32], factor: float) -> NDArray[np.float32]:
    # A pixel's middle lies at a whole number, so that half a pixel is taken along.
    return ((corners + 0.5) * factor - 0.5).astype(np.float32)


def _lab(bgr: Bgr) -> Lab:
    return np.asarray(cv2.cvtColor(cv2.GaussianBlur(bgr, (0, 0), 1.0), cv2.COLOR_BGR2LAB), np.float32)


def _fitted(bgr: Bgr, quad: Quad) -> Page | None:
    once, _ = fit_sides(bgr, quad)
    corners, seen = fit_sides(bgr, once)
    aspect = aspect_of(corners)
    if area_share(corners, bgr.shape) < 0.05 or not cv2.isContourConvex(corners):
        return None
    confidence = seen * _likely(max(aspect, 1 / aspect)) * _square(corners)
    return Page(in_order(corners), confidence, aspect) if confidence >= _LEAST else None


def _square(corners: Quad) -> float:
    # A slanted camera makes opposite sides differ by a few percent, a pen taken for a side by a sixth.
    sides = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
    opposite = np.sort(np.stack([sides[:2], sides[2:]]), axis=0)
    ratio = float((opposite[1] / np.maximum(opposite[0], 1e-6)).max())
    return float(np.exp(-((max(0.0, ratio - 1.1) / 0.2) ** 2)))


def _likely(aspect: float) -> float:
    # Cards are 1.585, passport pages 1.42; a slanted camera moves both by up to a tenth.
    off = max(0.0, 1.3 - aspect, aspect - 1.72)
    return float(np.exp(-((off / 0.15) ** 2)))
