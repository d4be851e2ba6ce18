"""Carries the face from frame to frame: where its box is, and its five points.

dlib's HOG looks at reduced luma four times a second, near the last box only; about 15 times a second the five
points are placed on a cut-out of the face and carry the box along. All of it by time, never by frame number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from verification.vision.faces import find_faces, five_points
from verification.vision.grades import Box

__all__ = ["Follower", "ied_px", "yaw_proxy"]

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Points = NDArray[np.float32] | NDArray[np.float64]

DETECT_EVERY_MS = 240.0
CROWD_EVERY_MS = 2_000.0  # the whole picture is searched again this often: a second person may have come
POINTS_EVERY_MS = 45.0  # at 30 frames a second every other frame: costs 20-40 ms of an onset's precision
SHORT_SIDE_PX = 360  # the whole picture is searched at this size
FACE_PX = 95.0  # a face's width in the cut-out that is searched
REACH = 0.75  # how far around the last box the face is searched, in box widths
MOST_MISSES = 6


def ied_px(points: Points) -> Floats:
    """Distance between the eyes' middles, pixels; points (..., 5, 2) to (...)."""
    across = points[..., 0:2, :].mean(axis=-2) - points[..., 2:4, :].mean(axis=-2)
    return np.asarray(np.linalg.norm(across, axis=-1), np.float32)


def yaw_proxy(points: Points) -> Floats:
    """How far the nose stands beside the eyes' middle, in eye distances; points (..., 5, 2) to (...).

    It rises when the person turns to their own left, by about .0069 a degree.
    """
    left, right = points[..., 0:2, :].mean(axis=-2), points[..., 2:4, :].mean(axis=-2)
    across = left - right
    beside = points[..., 4, :] - (left + right) / 2
    return np.asarray((beside * across).sum(axis=-1) / (across**2).sum(axis=-1), np.float32)


@dataclass(slots=True)
class Follower:
    """The box and points of the face from frame to frame."""

    misses: int = 0
    looked: bool = False
    box: Box | None = None
    crowd: list[int] = field(default_factory=list)
    _stepped_ms: float = -math.inf
    _looked_ms: float = -math.inf
    _crowd_ms: float = -math.inf
    _offset: Floats | None = None
    _width_ied: float = 0.0

    def due(self, t_ms: float) -> bool:
        """Whether the face is to be followed into the frame at this time."""
        return t_ms - self._stepped_ms >= POINTS_EVERY_MS

    def step(self, luma: Pixels, t_ms: float) -> Floats | None:
        """Take in a frame's luma; the face's points (5, 2), or None while there is no face."""
        self._stepped_ms = t_ms
        self.looked = t_ms - self._looked_ms >= DETECT_EVERY_MS
        if self.looked:
            self._looked_ms = t_ms
            self._look(luma, t_ms)
        return None if self.box is None else self._points(luma, self.box)

    def _look(self, luma: Pixels, t_ms: float) -> None:
        whole = self.box is None or t_ms - self._crowd_ms >= CROWD_EVERY_MS
        found = _largest_first(luma) if whole else _near(luma, self.box)
        if whole:
            self._crowd_ms = t_ms
            self.crowd.append(len(found))
        if found:
            self.box, self.misses, self._offset = found[0], 0, None
            return
        self.misses += 1
        if self.misses > MOST_MISSES:
            self.box = None

    def _points(self, luma: Pixels, box: Box) -> Floats | None:
        points = _points_in(luma, box)
        middle, ied = points[:4].mean(axis=0), float(ied_px(points))
        if ied < 1:
            self.box = None
            return None
        if self._offset is None:
            centre = np.array([box.x + box.width / 2, box.y + box.height / 2], np.float32)
            self._offset, self._width_ied = np.asarray((centre - middle) / ied), box.width / ied
        side = self._width_ied * ied
        corner = middle + self._offset * ied - side / 2
        self.box = Box(round(float(corner[0])), round(float(corner[1])), round(side), round(side))
        return points


def _largest_first(luma: Pixels) -> list[Box]:
    scale = min(1.0, SHORT_SIDE_PX / min(luma.shape))
    return [_grown(face.box, 1 / scale, 0, 0) for face in find_faces(_resized(luma, scale), retry=False)]


def _near(luma: Pixels, last: Box | None) -> list[Box]:
    if last is None:
        return []
    reach = round(REACH * last.width)
    left, top = max(0, last.x - reach), max(0, last.y - reach)
    cut = luma[top : last.y + last.height + reach, left : last.x + last.width + reach]
    scale = FACE_PX / last.width
    if min(cut.shape) * scale < FACE_PX:
        return []
    found = find_faces(_resized(cut, scale), retry=False)
    boxes = [_grown(face.box, 1 / scale, left, top) for face in found]
    return sorted(boxes, key=lambda box: abs(box.x - last.x) + abs(box.y - last.y))


def _resized(luma: Pixels, scale: float) -> Pixels:
    size = (max(1, round(luma.shape[1] * scale)), max(1, round(luma.shape[0] * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(luma, size, interpolation=way), np.uint8)


def _grown(box: Box, times: float, left: int, top: int) -> Box:
    width, height = round(box.width * times), round(box.height * times)
    return Box(round(box.x * times) + left, round(box.y * times) + top, width, height)


def _points_in(luma: Pixels, box: Box) -> Floats:
    # dlib copies the whole array it is given: hand it the face only.
    margin = box.width // 4
    left = min(max(0, box.x - margin), luma.shape[1] - 1)
    top = min(max(0, box.y - margin), luma.shape[0] - 1)
    cut = luma[
        top : max(top + 1, box.y + box.height + margin), left : max(left + 1, box.x + box.width + margin)
    ]
    inside = Box(box.x - left, box.y - top, box.width, box.height)
    return np.asarray(five_points(cut, inside) + np.array([left, top]), np.float32)
