"""Follows the largest face through a clip: five points a frame, and the crops that later questions need.

dlib's HOG looks at reduced luma four times a second, near the last box only; about 15 times a second the five
points are placed on a cut-out of the face and carry the box along. All of it by time, never by frame number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from verification.vision.clip import Frame, frames
from verification.vision.eyes import EYE_SHAPE, cut_eyes
from verification.vision.faces import Face, find_faces, five_points
from verification.vision.grades import Box

__all__ = ["FaceTrack", "FaceView", "follow", "follow_photo", "ied_px", "yaw_proxy"]

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
THUMB = (64, 36)  # width, height
PATCH_PX = 256
MOST_PATCHES = 5
MOST_VIEWS = 3
NEAR_FRONTAL = 0.05  # largest |yaw proxy - its median| of a frame used for comparison (about 7 degrees)


@dataclass(frozen=True, slots=True)
class FaceView:
    """A near-frontal look at the face for comparison: RGB (h, w, 3) uint8, and the face on it."""

    t_ms: float
    rgb: Pixels
    face: Face


@dataclass(frozen=True, slots=True)
class FaceTrack:
    """What was seen of a face over a clip of n frames, in m of which its points were looked for.

    `frame_ms` (n,) and `t_ms` (m,) count from the first frame. `thumbs` (n, 36, 64) is luma; `points`
    (m, 5, 2) pixels, NaN where no face was followed; `eyes` (m, 2, 22, 36) luma crops, zero where there are
    none, of length 0 when not asked for. `patches` are up to 5 luma squares (256, 256) of the face, `views`
    up to 3, best first. `luma` is the pictures' mean brightness (0 to 255), `crowd` how many faces each
    search of the whole picture found.
    """

    width_px: int
    height_px: int
    frame_ms: NDArray[np.float64]
    t_ms: NDArray[np.float64]
    points: Floats
    thumbs: Pixels
    eyes: Pixels
    patches: tuple[Pixels, ...]
    views: tuple[FaceView, ...]
    luma: float
    crowd: tuple[int, ...]

    @property
    def seen(self) -> NDArray[np.bool_]:
        """At which of `t_ms` the face was followed, (m,)."""
        return np.asarray(~np.isnan(self.points[:, 0, 0]))


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


def follow(data: bytes, *, with_eyes: bool, until_ms: float = 15_500.0) -> FaceTrack:
    """Decode a clip and follow its largest face.

    Args:
        data: The clip, as it was accepted.
        with_eyes: Whether eye crops are wanted (they cost about 10 % more).
        until_ms: Where to stop.

    Raises:
        UnreadableClip: There is not one picture in it.
    """
    return _track(frames(data, until_ms=until_ms), with_eyes=with_eyes)


def follow_photo(rgb: Pixels) -> FaceTrack:
    """Look at one RGB picture (h, w, 3) as at a clip of one frame."""
    even = np.ascontiguousarray(rgb[: rgb.shape[0] // 2 * 2, : rgb.shape[1] // 2 * 2])
    height, width = even.shape[:2]
    planes = np.asarray(cv2.cvtColor(even, cv2.COLOR_RGB2YUV_I420), np.uint8).reshape(-1)
    chroma = planes[height * width :].reshape(2, height // 2, width // 2)
    frame = Frame(0.0, planes[: height * width].reshape(height, width), chroma[0], chroma[1])
    return _track([frame], with_eyes=False)


def _track(pictures: Iterable[Frame], *, with_eyes: bool) -> FaceTrack:
    taking = _Taking(with_eyes=with_eyes)
    follower = _Follower()
    for frame in pictures:
        taking.glance(frame)
        if follower.due(frame.t_ms):
            points = follower.step(frame.y, frame.t_ms)
            taking.add(frame, points, follower.box, looked=follower.looked)
    return taking.track(tuple(follower.crowd))


@dataclass(slots=True)
class _Follower:
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


@dataclass(slots=True)
class _Taking:
    """Gathers what is kept of each frame."""

    with_eyes: bool
    size: tuple[int, int] = (0, 0)
    frame_ms: list[float] = field(default_factory=list)
    t_ms: list[float] = field(default_factory=list)
    points: list[Floats] = field(default_factory=list)
    thumbs: list[Pixels] = field(default_factory=list)
    eyes: list[Pixels] = field(default_factory=list)
    patches: list[Pixels] = field(default_factory=list)
    views: list[FaceView] = field(default_factory=list)

    def glance(self, frame: Frame) -> None:
        """Keep a frame's time and thumbnail."""
        self.size = (frame.y.shape[1], frame.y.shape[0])
        self.frame_ms.append(frame.t_ms)
        self.thumbs.append(_thumb(frame.y))

    def add(self, frame: Frame, points: Floats | None, box: Box | None, *, looked: bool) -> None:
        """Keep a frame's points and crops."""
        self.t_ms.append(frame.t_ms)
        self.points.append(np.full((5, 2), np.nan, np.float32) if points is None else points)
        if self.with_eyes:
            blank = np.zeros((2, *EYE_SHAPE), np.uint8)
            self.eyes.append(blank if points is None else cut_eyes(frame.y, points))
        if looked and points is not None and box is not None:
            self.patches.extend(_patch(frame.y, box))
            self.views.append(_view(frame, points, box))

    def track(self, crowd: tuple[int, ...]) -> FaceTrack:
        """Close the track: choose patches and views among those kept."""
        points = np.stack(self.points)
        thumbs = np.stack(self.thumbs)
        eyes = np.stack(self.eyes) if self.eyes else np.zeros((0, 2, *EYE_SHAPE), np.uint8)
        return FaceTrack(
            width_px=self.size[0],
            height_px=self.size[1],
            frame_ms=np.array(self.frame_ms),
            t_ms=np.array(self.t_ms),
            points=points,
            thumbs=thumbs,
            eyes=eyes,
            patches=_spread(self.patches),
            views=_best(self.views, points),
            luma=float(thumbs.mean()),
            crowd=crowd,
        )


def _thumb(luma: Pixels) -> Pixels:
    step = max(1, min(luma.shape[1] // (4 * THUMB[0]), luma.shape[0] // (4 * THUMB[1])))
    return np.asarray(cv2.resize(luma[::step, ::step], THUMB, interpolation=cv2.INTER_AREA), np.uint8)


def _patch(luma: Pixels, box: Box) -> list[Pixels]:
    if min(luma.shape) < PATCH_PX:
        return []
    left = int(np.clip(box.x + (box.width - PATCH_PX) // 2, 0, luma.shape[1] - PATCH_PX))
    top = int(np.clip(box.y + (box.height - PATCH_PX) // 2, 0, luma.shape[0] - PATCH_PX))
    return [luma[top : top + PATCH_PX, left : left + PATCH_PX].copy()]


def _spread(patches: list[Pixels]) -> tuple[Pixels, ...]:
    if not patches:
        return ()
    chosen = np.unique(np.linspace(0, len(patches) - 1, MOST_PATCHES).round().astype(int))
    return tuple(patches[index] for index in chosen)


def _view(frame: Frame, points: Floats, box: Box) -> FaceView:
    margin = box.width // 3
    left, top = max(0, box.x - margin) // 2 * 2, max(0, box.y - margin) // 2 * 2
    right, bottom = box.x + box.width + margin, box.y + box.height + margin
    rgb = frame.rgb(Box(left, top, right - left, bottom - top))
    inside = Box(box.x - left, box.y - top, box.width, box.height)
    return FaceView(frame.t_ms, rgb, Face(inside, points.astype(np.float64) - (left, top), score=0.0))


def _best(views: list[FaceView], points: Floats) -> tuple[FaceView, ...]:
    """Near-frontal views, the sharpest first."""
    if not views:
        return ()
    base = float(np.nanmedian(yaw_proxy(points)))
    frontal = [view for view in views if abs(float(yaw_proxy(view.face.points)) - base) < NEAR_FRONTAL]
    return tuple(sorted(frontal, key=_sharpness, reverse=True)[:MOST_VIEWS])


def _sharpness(view: FaceView) -> float:
    box = view.face.box
    face = view.rgb[max(0, box.y) : box.y + box.height, max(0, box.x) : box.x + box.width, 1]
    small = cv2.resize(face, (96, 96), interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(small, cv2.CV_32F).var())
