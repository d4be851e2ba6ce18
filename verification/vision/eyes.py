"""Tells whether both eyes are shut, from small crops seen beside the person's own usual look.

Thirty features a crop go through a logistic regression whose weights `training/eyes.py` makes; beside it
stands a rule that needs no training: a shut eye has lost its vertical edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "EYE_SHAPE",
    "FEATURES",
    "EyeWeights",
    "closed_01",
    "cut_eyes",
    "eye_contrast",
    "features",
    "shut_01",
]

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

EYE_SHAPE = (22, 36)
FEATURES = 30
CROP_EYE_WIDTHS = 1.4
CORE = (slice(4, 18), slice(9, 26))  # rows and columns where iris and lid margins lie
LOST_EDGES = 0.4  # share of |dI/dx| gone at which the untrained rule says shut
WEIGHTS = Path(__file__).with_name("weights") / "eyes.npz"


@dataclass(frozen=True, slots=True)
class EyeWeights:
    """A logistic regression: `mean` and `scale` (30,) of the features, `slope` (30,), `offset`."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    slope: NDArray[np.float64]
    offset: float


@cache
def _weights() -> EyeWeights:
    with np.load(WEIGHTS) as kept:
        return EyeWeights(kept["mean"], kept["scale"], kept["slope"], float(kept["offset"]))


def cut_eyes(luma: Pixels, points: Floats) -> Pixels:
    """Cut both eyes level by their corners, 1.4 eye widths wide: (2, 22, 36) uint8.

    The first is the eye on the image's right; the second is mirrored, so that both look alike.
    """
    crops = [_cut(luma, points[1], points[0]), _cut(luma, points[2], points[3])[:, ::-1]]
    return np.stack(crops)


def _cut(luma: Pixels, start: Floats, end: Floats) -> Pixels:
    height, width = EYE_SHAPE
    across = (end - start) * (CROP_EYE_WIDTHS / width)
    down = np.array([-across[1], across[0]], np.float32)
    corner = (start + end) / 2 - across * (width - 1) / 2 - down * (height - 1) / 2
    matrix = np.column_stack([across, down, corner]).astype(np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    crop = cv2.warpAffine(luma, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, np.uint8)


def features(crops: Pixels) -> Floats:
    """Measure one eye's crops (n, 22, 36) beside their own median: (n, 30) float32.

    Dark mass, |dI/dy| and |dI/dx| less the clip's median; logarithms of the first and the last over it;
    1 - correlation with the median crop; the difference to it, reduced to 6 x 4.
    """
    light = _levelled(crops)
    usual = np.median(light, axis=0)
    dark, dy, dx = _dark_mass(light), _edges(light, axis=1), _edges(light, axis=2)
    middle = [float(np.median(values)) for values in (dark, dy, dx)]
    difference = light - usual
    reduced = np.stack([cv2.resize(one, (6, 4), interpolation=cv2.INTER_AREA).ravel() for one in difference])
    columns = [
        dark - middle[0], dy - middle[1], dx - middle[2],
        np.log((dark + 0.01) / (middle[0] + 0.01)), np.log((dx + 0.01) / (middle[2] + 0.01)),
        1 - _correlation(light, usual),
    ]  # fmt: skip
    return np.asarray(np.column_stack([*columns, reduced]), np.float32)


def _levelled(crops: Pixels) -> Floats:
    light = crops.astype(np.float32)
    return np.asarray(light / np.maximum(np.median(light, axis=(1, 2), keepdims=True), 1.0), np.float32)


def _dark_mass(light: Floats) -> Floats:
    core = light[:, CORE[0], CORE[1]]
    return np.asarray(np.maximum(0.8 - core, 0).mean(axis=(1, 2)), np.float32)


def _edges(light: Floats, *, axis: int) -> Floats:
    core = light[:, CORE[0], CORE[1]]
    return np.asarray(np.abs(np.diff(core, axis=axis)).mean(axis=(1, 2)), np.float32)


def _correlation(light: Floats, usual: Floats) -> Floats:
    a = light - light.mean(axis=(1, 2), keepdims=True)
    b = usual - usual.mean()
    norm = np.sqrt((a**2).sum(axis=(1, 2)) * (b**2).sum())
    return np.asarray((a * b).sum(axis=(1, 2)) / np.maximum(norm, 1e-6), np.float32)


def closed_01(crops: Pixels) -> Floats:
    """Score one eye's crops (n, 22, 36): .5 and more is shut, by the weights or by the lost edges; (n,)."""
    weights, measured = _weights(), features(crops)
    z = ((measured - weights.mean) / weights.scale) @ weights.slope + weights.offset
    trained = 1 / (1 + np.exp(-np.clip(z, -30, 30)))
    dx = _edges(_levelled(crops), axis=2)
    lost = 1 - dx / max(float(np.median(dx)), 1e-6)
    return np.asarray(np.maximum(trained, lost * (0.5 / LOST_EDGES)).clip(0, 1), np.float32)


def shut_01(eyes: Pixels) -> Floats:
    """Score both eyes' crops (n, 2, 22, 36): the more open eye's score, (n,); .5 and more is shut."""
    return np.minimum(closed_01(eyes[:, 0]), closed_01(eyes[:, 1]))


def eye_contrast(eyes: Pixels) -> float:
    """Contrast (sd / mean) of the fainter eye's median crop; below .10 nothing can be said of the lids."""
    usual = np.median(eyes.astype(np.float32), axis=0)
    return float((usual.std(axis=(1, 2)) / np.maximum(usual.mean(axis=(1, 2)), 1.0)).min())
