"""What a camera sees when it films a screen: a pixel grid, a glare, a weaker blur, noise of its own."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Screen", "make_screen", "refilm"]

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Planes = tuple[Pixels, Pixels, Pixels]

GAMMA = 1.1
BLUR_SD_PX = 0.7
GLARE_LUMA = 30
MARGIN_PX = 16  # the grid is drawn this much larger than a frame, so that the camera may shake
# Weights of red, green and blue in Y, U and V (BT.601, limited range).
_YUV = np.array([[0.257, 0.504, 0.098], [-0.148, -0.291, 0.439], [0.439, -0.368, -0.071]], np.float32)


@dataclass(frozen=True, slots=True)
class Screen:
    """A screen before the camera.

    `grid` is what the pixel grid multiplies Y by (h + 2 margin, w + 2 margin), `tint` what it adds to U and V
    at half size for a mid grey, `glare` (h, w) the lamp's reflection in luma steps.
    """

    grid: Floats
    tint: tuple[Floats, Floats]
    glare: Pixels


def make_screen(
    rng: np.random.Generator, size: tuple[int, int], *, contrast: float = 0.2, pitch_px: float | None = None
) -> Screen:
    """Draw the grid of a screen whose pixels are 3 to 4 camera pixels wide, turned by 2 to 5 degrees.

    Args:
        rng: Where pitch, angle and the glare's place are drawn from.
        size: Width and height of the frame, pixels.
        contrast: Depth of the grid; .2 is plainly visible, .05 hardly.
        pitch_px: Size of one screen pixel in camera pixels; drawn when not given.
    """
    pitch = pitch_px or float(rng.uniform(3.0, 4.0))
    angle = float(np.radians(rng.uniform(2.0, 5.0))) * rng.choice((-1, 1))
    rows, columns = np.mgrid[0 : size[1] + 2 * MARGIN_PX, 0 : size[0] + 2 * MARGIN_PX].astype(np.float32)
    across = columns * np.cos(angle) + rows * np.sin(angle)
    down = rows * np.cos(angle) - columns * np.sin(angle)
    lines = np.cos(2 * np.pi * down / pitch)
    stripes = [np.cos(2 * np.pi * (across / pitch + third / 3)) for third in range(3)]
    colours = np.stack([contrast * (stripe + lines) / 2 for stripe in stripes])
    y, u, v = np.tensordot(_YUV, colours, axes=1).astype(np.float32)
    grid = np.asarray(1 + y / float(_YUV[0].sum()), dtype=np.float32)
    half = [np.asarray(cv2.resize(plane * 128, None, fx=0.5, fy=0.5), np.float32) for plane in (u, v)]
    return Screen(grid=grid, tint=(half[0], half[1]), glare=_glare(rng, size))


def _glare(rng: np.random.Generator, size: tuple[int, int]) -> Pixels:
    glare = np.zeros((size[1], size[0]), np.uint8)
    centre = (int(size[0] * rng.uniform(0.55, 0.85)), int(size[1] * rng.uniform(0.1, 0.4)))
    axes = (int(size[0] * 0.12), int(size[1] * 0.07))
    cv2.ellipse(glare, centre, axes, float(rng.uniform(-30, 30)), 0, 360, GLARE_LUMA, -1)
    return np.asarray(cv2.GaussianBlur(glare, (0, 0), 15), np.uint8)


def refilm(planes: Planes, screen: Screen, shake_px: tuple[float, float]) -> Planes:
    """Show one frame (Y and half-size U, V) on the screen and film it with a hand that shakes."""
    curve = np.asarray(255 * (np.arange(256) / 255) ** GAMMA, np.uint8)
    y = cv2.GaussianBlur(cv2.LUT(planes[0], curve), (3, 3), BLUR_SD_PX)
    height, width = y.shape
    x0, y0 = (2 * int(np.clip(MARGIN_PX / 2 + s / 2, 0, MARGIN_PX)) for s in shake_px)
    y = cv2.multiply(y, screen.grid[y0 : y0 + height, x0 : x0 + width], dtype=cv2.CV_8U)
    y = cv2.add(y, screen.glare)
    left, top = x0 // 2, y0 // 2
    u, v = (
        cv2.add(plane, tint[top : top + height // 2, left : left + width // 2], dtype=cv2.CV_8U)
        for plane, tint in zip(planes[1:], screen.tint, strict=True)
    )
    return np.asarray(y, np.uint8), np.asarray(u, np.uint8), np.asarray(v, np.uint8)
