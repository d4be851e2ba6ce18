"""A portrait put on a head: the surface that turns, the lids that close, and sheets that only pretend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from verification.vision.faces import find_faces, five_points
from verification.vision.grades import Box

__all__ = ["Eye", "Maps", "Pose", "Stage", "Surface", "find_eyes", "place", "set_stage", "shut"]

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Maps = tuple[Floats, Floats]
Surface = Literal["head", "flat", "bent"]

EYES_AT = (0.50, 0.42)  # where the middle of the eyes stands, as shares of width and height
GRID_PX = 16  # the surface is solved on this grid and enlarged: it is smooth
SHEET_FOCAL_PX = 1000.0
SHEET_RADIUS_IED = 1.4
ARC_HALF_WIDTH = 0.56  # the lid's margin meets the corner line here, in eye widths


@dataclass(frozen=True, slots=True)
class Stage:
    """A portrait standing before a camera: `image` RGB (h, w, 3), `points` the face's five points on it."""

    image: Pixels
    points: Floats

    @property
    def middle(self) -> Floats:
        """The point half-way between the eyes, pixels."""
        return np.asarray(self.points[:4].mean(axis=0), dtype=np.float32)

    @property
    def ied_px(self) -> float:
        """Distance between the middles of the eyes, pixels."""
        return float(np.linalg.norm(self.points[:2].mean(axis=0) - self.points[2:4].mean(axis=0)))


@dataclass(frozen=True, slots=True)
class Pose:
    """Where head and camera stand in one frame; yaw > 0 is the person's own left, angles in radians."""

    yaw: float = 0.0
    pitch: float = 0.0
    shift_px: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Eye:
    """The lid's measures of one eye, in eye widths along and below its corner line.

    `centre` is the middle of the corners and `width` their distance (pixels), `angle` the line's (radians).
    `crease` is the brightest row above the margin, `top` and `bottom` the open and the shut margin.
    """

    centre: tuple[float, float]
    width: float
    angle: float
    crease: float
    top: float
    bottom: float


def set_stage(portrait: Pixels, *, ied_px: float, size: tuple[int, int]) -> Stage:
    """Rotate, scale and place a portrait so that its eyes are level, with a blurred border where it ends.

    Raises:
        ValueError: No face was found on the portrait.
    """
    points = _points_of(portrait)
    matrix = _levelling(points, ied_px=ied_px, size=size)
    image = _with_blurred_border(portrait, matrix, size=size)
    ones = np.ones((5, 1), dtype=np.float32)
    return Stage(image=image, points=np.asarray(np.hstack([points, ones]) @ matrix.T, dtype=np.float32))


def _points_of(portrait: Pixels) -> Floats:
    step = max(1, min(portrait.shape[:2]) // 480)
    found = find_faces(np.ascontiguousarray(portrait[::step, ::step]), retry=False)
    if not found:
        raise ValueError("no face was found on the portrait: a head can only be made of a face")
    box = found[0].box
    whole = Box(box.x * step, box.y * step, box.width * step, box.height * step)
    return np.asarray(five_points(portrait, whole), np.float32)


def _levelling(points: Floats, *, ied_px: float, size: tuple[int, int]) -> Floats:
    left, right = points[:2].mean(axis=0), points[2:4].mean(axis=0)
    across = left - right
    angle = float(np.degrees(np.arctan2(across[1], across[0])))
    middle = (left + right) / 2
    centre = (float(middle[0]), float(middle[1]))
    matrix = cv2.getRotationMatrix2D(centre, angle, ied_px / float(np.linalg.norm(across)))
    matrix[:, 2] += np.array([size[0] * EYES_AT[0], size[1] * EYES_AT[1]]) - middle
    return np.asarray(matrix, dtype=np.float32)


def _with_blurred_border(portrait: Pixels, matrix: Floats, *, size: tuple[int, int]) -> Pixels:
    source = _shrunk_for(portrait, float(np.hypot(matrix[0, 0], matrix[0, 1])))
    inside = cv2.warpAffine(source, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    mask = cv2.warpAffine(np.ones(portrait.shape[:2], np.float32), matrix, size)
    border = cv2.GaussianBlur(cv2.resize(inside, (size[0] // 8, size[1] // 8)), (0, 0), 5)
    border = cv2.resize(border, size, interpolation=cv2.INTER_LINEAR).astype(np.float32)
    feather = cv2.GaussianBlur(cv2.erode(mask, np.ones((25, 25), np.uint8)), (0, 0), 8)[..., None]
    return np.asarray(inside * feather + border * (1 - feather), dtype=np.uint8)


def _shrunk_for(portrait: Pixels, scale: float) -> Pixels:
    # A bilinear warp that shrinks would alias: blur away first what the smaller picture cannot show.
    return portrait if scale >= 1 else np.asarray(cv2.GaussianBlur(portrait, (0, 0), 0.4 / scale), np.uint8)


def _depth(x: Floats, y: Floats, nose: Floats) -> Floats:
    skull = 1.35 * np.exp(-((x / 1.05) ** 2) / 2 - ((y - 0.45) / 1.15) ** 2 / 2)
    bump = 0.30 * np.exp(-(((x - nose[0]) / 0.20) ** 2) / 2 - ((y - nose[1]) / 0.26) ** 2 / 2)
    return np.asarray(skull + bump, dtype=np.float32)


def _on_head(x: Floats, y: Floats, pose: Pose, nose: Floats) -> tuple[Floats, Floats]:
    """Solve seen = u + z sin(a) + w u (cos(a) - 1) for u by four fixed-point rounds, in eye distances."""
    u, v = x.copy(), y.copy()
    for _ in range(4):
        depth = _depth(u, v, nose)
        weight = np.exp(-((u / 1.2) ** 4) / 2 - ((v - 0.45) / 1.5) ** 4 / 2)
        u, v = (
            x - depth * np.sin(pose.yaw) - weight * u * (np.cos(pose.yaw) - 1),
            y - depth * np.sin(pose.pitch) - weight * v * (np.cos(pose.pitch) - 1),
        )
    return u, v


def _on_flat_sheet(x: Floats, y: Floats, pose: Pose, focal: float) -> tuple[Floats, Floats]:
    u = x / (np.cos(pose.yaw) + x / focal * np.sin(pose.yaw))
    return np.asarray(u, np.float32), np.asarray(y * (1 - u * np.sin(pose.yaw) / focal), np.float32)


def _on_bent_sheet(x: Floats, y: Floats, pose: Pose) -> tuple[Floats, Floats]:
    along = np.clip(x / SHEET_RADIUS_IED + np.sin(pose.yaw), -0.99, 0.99)
    return np.asarray(SHEET_RADIUS_IED * (np.arcsin(along) - pose.yaw), np.float32), y


def place(stage: Stage, pose: Pose, surface: Surface) -> tuple[Maps, Maps]:
    """Find where each frame pixel lies on the stage's picture, for `cv2.remap`.

    Returns:
        x and y, (h, w) float32 pixels, for luma; the same for planes of half the size, in their own pixels.
    """
    height, width = stage.image.shape[:2]
    centre = (GRID_PX - 1) / 2  # an enlarged grid is sampled at pixel centres
    columns = np.arange(0, width, GRID_PX, dtype=np.float32) + centre
    rows = np.arange(0, height, GRID_PX, dtype=np.float32) + centre
    middle, ied = stage.middle, stage.ied_px
    seen = np.meshgrid(columns, rows)
    x, y = (
        np.asarray((seen[axis] - middle[axis] - pose.shift_px[axis]) / pose.scale / ied, np.float32)
        for axis in (0, 1)
    )
    u, v = _on_surface(x, y, pose, stage, surface)
    grids = (u * ied + middle[0], v * ied + middle[1])
    whole = (_enlarged(grids[0], GRID_PX), _enlarged(grids[1], GRID_PX))
    half = (_enlarged(grids[0] / 2 - 0.25, GRID_PX // 2), _enlarged(grids[1] / 2 - 0.25, GRID_PX // 2))
    return (whole[0][:height], whole[1][:height]), (half[0][: height // 2], half[1][: height // 2])


def _enlarged(grid: Floats, times: int) -> Floats:
    size = (grid.shape[1] * times, grid.shape[0] * times)
    return np.asarray(cv2.resize(grid, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _on_surface(x: Floats, y: Floats, pose: Pose, stage: Stage, surface: Surface) -> tuple[Floats, Floats]:
    if surface == "flat":
        return _on_flat_sheet(x, y, pose, SHEET_FOCAL_PX / stage.ied_px)
    if surface == "bent":
        return _on_bent_sheet(x, y, pose)
    nose = (stage.points[4] - stage.middle) / stage.ied_px
    return _on_head(x, y, pose, np.asarray(nose - np.array([0.0, 0.12]), np.float32))


def find_eyes(luma: Pixels, points: Floats) -> tuple[Eye, Eye]:
    """Measure both eyes' lids on a level face: the one on the image's right first."""
    return _find_eye(luma, points[1], points[0]), _find_eye(luma, points[2], points[3])


def _find_eye(luma: Pixels, start: Floats, end: Floats) -> Eye:
    across = end - start
    width, angle = float(np.linalg.norm(across)), float(np.arctan2(across[1], across[0]))
    centre = (start + end) / 2
    rows = np.arange(-0.75, 0.30, 0.01, dtype=np.float32)
    columns = np.linspace(-0.12, 0.12, 9, dtype=np.float32)
    u, v = np.meshgrid(columns, rows)
    x = centre[0] + width * (u * np.cos(angle) - v * np.sin(angle))
    y = centre[1] + width * (u * np.sin(angle) + v * np.cos(angle))
    patch = cv2.remap(luma, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)
    profile = cv2.GaussianBlur(patch.astype(np.float32).mean(axis=1)[:, None], (1, 9), 0)[:, 0]
    crease, top = _crease_and_margin(rows, profile)
    bottom = float(np.clip(abs(top) / 2, 0.10, 0.18))
    return Eye((float(centre[0]), float(centre[1])), width, angle, crease, top, bottom)


def _crease_and_margin(rows: Floats, profile: Floats) -> tuple[float, float]:
    fall = np.gradient(profile)
    window = (rows >= -0.42) & (rows <= -0.12)
    top = float(np.clip(rows[window][np.argmin(fall[window])], -0.36, -0.18))
    lid = (rows >= top - 0.30) & (rows <= top - 0.06)
    return float(rows[lid][np.argmax(profile[lid])]), top


def shut(plane: Pixels, eye: Eye, closed: float, *, zoom: float = 1.0) -> None:
    """Draw the lid down over one eye of a plane, in place: the strip above the margin is stretched over it.

    Args:
        plane: One colour plane of the stage's picture, `zoom` times its size.
        eye: The eye's measures at full size.
        closed: 0 open to 1 shut.
        zoom: Size of the plane beside the picture's (a chroma plane: 0.5).
    """
    width, centre = eye.width * zoom, np.array(eye.centre) * zoom
    reach = int(np.ceil(width * 0.9))
    left, top = int(centre[0]) - reach, int(centre[1]) - reach
    x, y = np.meshgrid(np.arange(2 * reach + 1) + left, np.arange(2 * reach + 1) + top)
    dx, dy = (x - centre[0]) / width, (y - centre[1]) / width
    cosine, sine = np.cos(eye.angle), np.sin(eye.angle)
    u, v = dx * cosine + dy * sine, -dx * sine + dy * cosine
    drop = _stretch(u, v, eye, closed) * width
    from_x, from_y = np.asarray(x - drop * sine, np.float32), np.asarray(y + drop * cosine, np.float32)
    lid = cv2.remap(plane, from_x, from_y, cv2.INTER_LINEAR)
    plane[top : top + 2 * reach + 1, left : left + 2 * reach + 1] = lid


def _stretch(u: NDArray[np.float64], v: NDArray[np.float64], eye: Eye, closed: float) -> NDArray[np.float64]:
    """How far below (v) each point finds what it shows; negative: above."""
    arc = 1 - (u / ARC_HALF_WIDTH) ** 2
    open_at = eye.top * arc
    margin = open_at + closed * (eye.bottom - eye.top) * 0.97 * arc
    inside = (arc > 0) & (v > eye.crease) & (v <= margin)
    share = (open_at - eye.crease) / np.maximum(margin - eye.crease, 1e-6)
    return np.where(inside, eye.crease + (v - eye.crease) * share - v, 0.0)
