"""Documents that are not the document: shown on a screen, or printed on paper."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.specimens.ink import uint8
from tests.specimens.portraits import Rgb

__all__ = ["on_paper", "on_screen"]

_CYAN_MAGENTA_YELLOW_DEGREES = (15.0, 75.0, 0.0)


def on_screen(flat: Rgb, *, seed: int, pitch_px: float | None = None, contrast: float = 0.2) -> Rgb:
    """The document shown on a screen whose pixels lie `pitch_px` apart on the page (3.2 to 4.2 unless given).

    The dark net between the screen's pixels takes `contrast` of the light and lies 1 to 4 degrees askew;
    blacks are lifted by the panel's light, and the whole is bluish.
    """
    rng = np.random.default_rng((seed, 3))
    height, width = flat.shape[:2]
    pitch = pitch_px or float(rng.uniform(3.2, 4.2))
    small = cv2.resize(flat, (round(width / pitch), round(height / pitch)), interpolation=cv2.INTER_AREA)
    shown = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    along, across = _turned(flat.shape[:2], float(rng.uniform(1, 4)))
    net = (np.cos(2 * np.pi * along / pitch) + np.cos(2 * np.pi * across / pitch)) / 2
    light = 1 - contrast * (0.5 - net / 2)[..., None]
    return uint8((22 + shown * 0.9) * light * np.array([0.95, 1.0, 1.06], np.float32))


def on_paper(flat: Rgb, *, seed: int, grey: bool = False, pitch_px: float = 5.0) -> Rgb:
    """The document from an office printer: halftone dots `pitch_px` apart, weaker colours, or grey only."""
    rng = np.random.default_rng((seed, 4))
    height, width = flat.shape[:2]
    soft = cv2.GaussianBlur(flat, (0, 0), 1.2).astype(np.float32)
    mean = soft.mean(axis=2, keepdims=True)
    inks = np.repeat(mean, 3, axis=2) if grey else mean + 0.6 * (soft - mean)
    printed = np.empty_like(inks)
    for channel, degrees in enumerate(_CYAN_MAGENTA_YELLOW_DEGREES):
        along, across = _turned((height, width), 45.0 if grey else degrees)
        dots = np.cos(2 * np.pi * along / pitch_px) + np.cos(2 * np.pi * across / pitch_px)
        printed[..., channel] = inks[..., channel] + 26 * dots
    paper = np.array([238, 237, 230], np.float32) / 255
    fibre = cv2.resize(rng.normal(0, 3, (height // 4, width // 4)).astype(np.float32), (width, height))
    return uint8(printed * paper + fibre[..., None])


def _turned(shape: tuple[int, ...], degrees: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    angle = np.deg2rad(degrees)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    along = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
    across = y * np.float32(np.cos(angle)) - x * np.float32(np.sin(angle))
    return along, across
