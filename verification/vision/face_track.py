"""Follows the largest face through a clip, and keeps of its pictures what later questions need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from verification.vision.clip import Frame, frames
from verification.vision.eyes import EYE_SHAPE, cut_eyes
from verification.vision.faces import Face
from verification.vision.follower import Follower, yaw_proxy
from verification.vision.grades import Box
from verification.vision.moire import PATCH_PX

__all__ = ["FaceTrack", "FaceView", "follow", "follow_photo"]

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

THUMB = (64, 36)  # width, height
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
    follower = Follower()
    for frame in pictures:
        taking.glance(frame)
        if follower.due(frame.t_ms):
            points = follower.step(frame.y, frame.t_ms)
            taking.add(frame, points, follower.box, looked=follower.looked)
    return taking.track(tuple(follower.crowd))


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
    # Every pixel counts: with one in sixteen, noise hid half of the loops from the search for repetition.
    return np.asarray(cv2.resize(luma, THUMB, interpolation=cv2.INTER_AREA), np.uint8)


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
