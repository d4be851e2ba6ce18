"""A phone's camera in front of a desk: a flat page becomes a JPEG of 12 megapixels, seeded.

Levels as measured for reading (`facts/vision.md`, section 3): blur sigma in pixels of the flat page, corner
movement as a share of the page, sensor noise in grey levels, glare's peak in grey levels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from tests.specimens.ink import uint8
from tests.specimens.portraits import Rgb

__all__ = ["FRAME_SIZE", "Background", "Hardness", "Insert", "Shot", "desk", "photograph", "place"]

FRAME_SIZE = (4000, 3000)
Hardness = Literal["easy", "usual", "hard"]
Background = Literal["seeded", "dark", "light", "cluttered"]
Fault = Literal["none", "blurred", "glare", "cut_off"]
_EXIF_OF_TURN = {0: 1, 90: 8, 180: 3, 270: 6}
_CORNERS = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float64)


@dataclass(frozen=True, slots=True)
class _Level:
    blur_px: float
    slant: float
    noise: float
    glare: float


_LEVELS: dict[Hardness, _Level] = {
    "easy": _Level(0.4, 0.02, 2, 0),
    "usual": _Level(0.9, 0.05, 4, 35),
    "hard": _Level(1.6, 0.08, 8, 60),
}


@dataclass(frozen=True, slots=True)
class Insert:
    """A picture laid into the finished photograph by a program: `rgb` at (x, y) of the flat page's pixels."""

    rgb: Rgb
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Shot:
    """What is special about one photograph; the default is nothing.

    `turn_degrees` turns the picture clockwise as it is stored; with `exif_tells` the file says how to turn it
    back, without it the viewer sees it turned. `insert` is a digital splice.
    """

    background: Background = "seeded"
    fault: Fault = "none"
    turn_degrees: Literal[0, 90, 180, 270] = 0
    exif_tells: bool = False
    insert: Insert | None = None
    quality: int = 88


def photograph(flat: Rgb, *, seed: int, hardness: Hardness = "usual", shot: Shot = Shot()) -> bytes:
    """A JPEG of 4000 x 3000 pixels of the flat page on a desk."""
    rng = np.random.default_rng((seed, 5))
    level = _LEVELS[hardness]
    scene = _surface(rng, shot.background)
    corners = place(flat, seed=seed, hardness=hardness, fault=shot.fault)
    blur_px = 9.0 if shot.fault == "blurred" else level.blur_px
    _lay(scene, uint8(cv2.GaussianBlur(flat, (0, 0), blur_px)), corners)
    _light(scene, rng, corners, 330.0 if shot.fault == "glare" else level.glare)
    _add_noise(scene, seed, level.noise)
    if shot.insert is not None:
        _lay_insert(scene, shot.insert, flat, corners)
    return _jpeg(scene, shot)


def place(
    flat: Rgb, *, seed: int, hardness: Hardness = "usual", fault: Fault = "none"
) -> NDArray[np.float64]:
    """Where the page's corners lie, (4, 2) x, y: its top left, top right, bottom right, bottom left."""
    rng = np.random.default_rng((seed, 6))
    aspect = flat.shape[1] / flat.shape[0]
    width = FRAME_SIZE[0] * rng.uniform(0.66, 0.78) * min(1.0, aspect / 1.5)
    size = np.array([width, width / aspect])
    moved = (_CORNERS - 0.5 + rng.uniform(-1, 1, (4, 2)) * _LEVELS[hardness].slant / 2) * size
    angle = np.deg2rad(rng.uniform(-4, 4))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    middle = np.array(FRAME_SIZE) / 2 + rng.uniform(-1, 1, 2) * (90, 70)
    if fault == "cut_off":
        middle += np.array([FRAME_SIZE[0] * 0.24, 0])
    return np.asarray(moved @ turn + middle, np.float64)


def desk(*, seed: int, background: Background = "seeded") -> bytes:
    """A photograph of the same size with no document on it."""
    rng = np.random.default_rng((seed, 5))
    scene = _surface(rng, background)
    _light(scene, rng, _CORNERS * FRAME_SIZE, 35)
    _add_noise(scene, seed, 4)
    return _jpeg(scene, Shot())


def _surface(rng: np.random.Generator, background: Background) -> Rgb:
    draw = rng.random()
    kind = (
        background
        if background != "seeded"
        else ("dark" if draw < 0.7 else "light" if draw < 0.85 else "cluttered")
    )
    base = {"dark": (62, 50, 42), "light": (186, 176, 160), "cluttered": (120, 104, 88)}[kind]
    coarse = rng.normal(0, 6, (40, 24)).astype(np.float32)
    fine = rng.normal(0, 5, (750, 12)).astype(np.float32)
    wood = cv2.resize(coarse, (1000, 750), interpolation=cv2.INTER_CUBIC) + cv2.resize(fine, (1000, 750))
    small = uint8(np.array(base, np.float32) + wood[..., None])
    if kind == "cluttered":
        _scatter(small, rng)
    return np.asarray(cv2.resize(small, FRAME_SIZE, interpolation=cv2.INTER_LINEAR), np.uint8)


def _scatter(small: Rgb, rng: np.random.Generator) -> None:
    for _ in range(9):
        middle = rng.uniform((0, 0), (1000, 750))
        size = rng.uniform((60, 40), (320, 200))
        box = cv2.boxPoints((tuple(middle), tuple(size), float(rng.uniform(0, 90)))).astype(np.int32)
        colour = tuple(int(value) for value in rng.integers(30, 235, 3))
        cv2.fillPoly(small, [box], colour, cv2.LINE_AA)
    for _ in range(4):
        ends = rng.uniform((0, 0), (1000, 750), (2, 2)).astype(int)
        cv2.line(small, tuple(ends[0].tolist()), tuple(ends[1].tolist()), (30, 32, 40), 9, cv2.LINE_AA)


def _lay(scene: Rgb, flat: Rgb, corners: NDArray[np.float64]) -> None:
    height, width = flat.shape[:2]
    cover = _outline(width, height)
    (left, top), (right, bottom) = _window(corners)
    source = _CORNERS * (width - 1, height - 1)
    plane = cv2.getPerspectiveTransform(source.astype(np.float32), (corners - (left, top)).astype(np.float32))
    size = (right - left, bottom - top)
    page = cv2.warpPerspective(flat, plane, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    alpha = np.asarray(cv2.warpPerspective(cover, plane, size, flags=cv2.INTER_LINEAR), np.uint8)
    under = scene[top:bottom, left:right]
    fallen = np.zeros_like(alpha)
    fallen[14:, 10:] = alpha[:-14, :-10]
    shadow = uint8(255 - cv2.blur(fallen, (41, 41)) * np.float32(0.35))
    cv2.multiply(under, cv2.merge([shadow] * 3), dst=under, scale=1 / 255)
    whole = cv2.merge([alpha] * 3)
    lit = cv2.multiply(page, whole, scale=1 / 255)
    under[:] = cv2.add(lit, cv2.multiply(under, cv2.bitwise_not(whole), scale=1 / 255))


def _outline(width: int, height: int) -> Rgb:
    # ISO/IEC 7810: corners of 3.18 mm radius on ID-1, 85.6 mm wide; a passport's page has like ones.
    radius = round(width * 3.18 / (85.6 if width / height > 1.5 else 125))
    cover = np.zeros((height, width), np.uint8)
    cv2.rectangle(cover, (radius, 0), (width - radius, height), 255, -1)
    cv2.rectangle(cover, (0, radius), (width, height - radius), 255, -1)
    for x in (radius, width - 1 - radius):
        for y in (radius, height - 1 - radius):
            cv2.circle(cover, (x, y), radius, 255, -1)
    return cover


def _window(corners: NDArray[np.float64]) -> tuple[tuple[int, int], tuple[int, int]]:
    low = np.clip(corners.min(axis=0) - 60, 0, FRAME_SIZE).astype(int)
    high = np.clip(corners.max(axis=0) + 60, 0, FRAME_SIZE).astype(int)
    return (int(low[0]), int(low[1])), (int(high[0]), int(high[1]))


def _light(scene: Rgb, rng: np.random.Generator, corners: NDArray[np.float64], glare: float) -> None:
    y, x = np.mgrid[:75, :100].astype(np.float32) * 40
    slope = 1 + (x / 4000 - 0.5) * rng.uniform(-0.16, 0.16) + (y / 3000 - 0.5) * rng.uniform(-0.16, 0.16)
    vignette = 1 - 0.14 * ((x / 2000 - 1) ** 2 + (y / 1500 - 1) ** 2) / 2
    shade = cv2.resize(slope * vignette, FRAME_SIZE)
    share = rng.uniform((0.42, 0.25), (0.75, 0.75))
    spot = corners[0] + share[0] * (corners[1] - corners[0]) + share[1] * (corners[3] - corners[0])
    wide, high = rng.uniform((320, 200), (560, 360))
    bright = glare * np.exp(-(((x - spot[0]) / wide) ** 2) - ((y - spot[1]) / high) ** 2)
    shine = cv2.resize(bright.astype(np.float32), FRAME_SIZE)
    for channel in range(3):
        lit = cv2.multiply(scene[..., channel], shade, dtype=cv2.CV_32F)
        scene[..., channel] = cv2.add(lit, shine, dtype=cv2.CV_8U)


def _add_noise(scene: Rgb, seed: int, sigma: float) -> None:
    # One draw serves the three colours: after a phone's own filters its noise is mostly brightness.
    cv2.setRNGSeed(seed + 1)
    noise = np.empty(scene.shape[:2], np.int16)
    cv2.randn(noise, np.zeros(1), np.array([sigma]))
    scene[:] = cv2.add(scene, cv2.merge([noise, noise, np.roll(noise, 1, axis=1)]), dtype=cv2.CV_8U)


def _lay_insert(scene: Rgb, insert: Insert, flat: Rgb, corners: NDArray[np.float64]) -> None:
    height, width = insert.rgb.shape[:2]
    page = (_CORNERS * (flat.shape[1] - 1, flat.shape[0] - 1)).astype(np.float32)
    plane = cv2.getPerspectiveTransform(page, corners.astype(np.float32))
    box = (_CORNERS * (width, height) + (insert.x, insert.y)).astype(np.float32).reshape(-1, 1, 2)
    spots = np.asarray(cv2.perspectiveTransform(box, plane), np.float32).reshape(4, 2)
    onto = cv2.getPerspectiveTransform((_CORNERS * (width, height)).astype(np.float32), spots)
    laid = cv2.warpPerspective(insert.rgb, onto, FRAME_SIZE)
    cover = cv2.warpPerspective(
        np.full((height, width), 255, np.uint8), onto, FRAME_SIZE, flags=cv2.INTER_NEAREST
    )
    cv2.copyTo(laid, cover, scene)


def _jpeg(scene: Rgb, shot: Shot) -> bytes:
    stored = np.ascontiguousarray(np.rot90(scene, -shot.turn_degrees // 90))
    options = [cv2.IMWRITE_JPEG_QUALITY, shot.quality]
    done, coded = cv2.imencode(".jpg", cv2.cvtColor(stored, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise RuntimeError("OpenCV could not write a JPEG")
    data = coded.tobytes()
    return _with_orientation(data, _EXIF_OF_TURN[shot.turn_degrees]) if shot.exif_tells else data


def _with_orientation(jpeg: bytes, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    block = exif.tobytes()
    block = block if block.startswith(b"Exif\0\0") else b"Exif\0\0" + block
    return jpeg[:2] + b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block + jpeg[2:]
