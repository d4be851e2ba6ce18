"""Finds a screen's pixel grid in a picture of it: sharp peaks in the spectrum where skin has none."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["PATCH_PX", "moire", "moire_of_patches"]

PATCH_PX = 256
INNER, OUTER = 20, 124  # radii, in cycles a patch, between which a grid is looked for
PEAKS = 12
CODEC_STEP = 32  # 8 pixel blocks of the codec repeat at multiples of this frequency


@cache
def _rings() -> tuple[NDArray[np.intp], NDArray[np.bool_], NDArray[np.float32]]:
    """Radius of each bin, the bins that count, and the window."""
    along = np.fft.fftfreq(PATCH_PX, 1 / PATCH_PX)
    across = np.fft.rfftfreq(PATCH_PX, 1 / PATCH_PX)
    radius = np.hypot(along[:, None], across[None, :])
    # The edges of the codec lie along the axes, and where its frequencies cross. Hardly a screen is held so
    # straight; with whole rows and columns left out, one of 4 camera pixels to a pixel was not seen.
    axes = (np.abs(along) <= 1)[:, None] | (np.abs(across) <= 1)[None, :]
    blocked = axes | (_near_codec(along)[:, None] & _near_codec(across)[None, :])
    counted = (radius > INNER) & (radius < OUTER) & ~blocked
    window = np.outer(np.hanning(PATCH_PX), np.hanning(PATCH_PX)).astype(np.float32)
    return radius.round().astype(np.intp), counted, window


def _near_codec(frequency: NDArray[np.floating]) -> NDArray[np.bool_]:
    rest = np.abs(frequency) % CODEC_STEP
    return np.asarray(np.minimum(rest, CODEC_STEP - rest) <= 1)


def moire(patch: NDArray[np.uint8]) -> float:
    """Measure how far the strongest peaks of a luma patch (256, 256) stand above their ring's mean.

    Natural logarithm of amplitude, mean of the twelve highest: 1.3 to 2.0 for skin, above 2.3 for a visible
    grid. A fine display filmed sharply shows no grid and no peak.
    """
    radius, counted, window = _rings()
    light = patch.astype(np.float32)
    detail = (light - cv2.GaussianBlur(light, (0, 0), 2)) * window
    spectrum = np.log(np.abs(np.fft.rfft2(detail)) + 1e-3)
    ring_mean = np.bincount(radius.ravel(), spectrum.ravel()) / np.maximum(np.bincount(radius.ravel()), 1)
    height = (spectrum - ring_mean[radius])[counted]
    return float(np.partition(height, -PEAKS)[-PEAKS:].mean())


def moire_of_patches(patches: Sequence[NDArray[np.uint8]]) -> float | None:
    """Measure the median over a clip's patches; None when there is none."""
    return float(np.median([moire(patch) for patch in patches])) if patches else None
