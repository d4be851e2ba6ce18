"""Does the portrait sit in the card, or on it? Shadow beside its edges, and noise unlike the card's.

A photograph stuck on a card casts a shadow along some sides. A portrait laid into the picture by a program
lacks the camera's noise (Mahdian and Saic 2009, Image and Vision Computing 27, 1497).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from verification.vision.faces import Picture
from verification.vision.grades import Box
from verification.vision.tamper_layout import Layout

__all__ = ["halo", "noise_ratio"]

_INSIDE_PX, _OUTSIDE_PX = 20, 46
_SLACK_PX = 16
"""The edge is looked for so far from where the layout has it: a page's corners are found within 10 px."""

_NEAR, _FAR = (4, 10), (24, 32)
"""Where beside the edge a shadow would fall, and where the ground is free of it, in pixels."""

_SEGMENTS = 4
_BLOCK_PX = 8
_LOW_PERCENTILE = 15.0
"""Blocks of the lowest spread are flat ground, whose spread is noise alone."""

_LEAST_BLOCKS = 20

Floats = NDArray[np.float64]


def halo(grey: Picture, layout: Layout) -> float:
    """Measures the share of light lost right beside the portrait (0 none, 1 all) on its darkest side."""
    return max(_side_halo(strip) for strip in _sides(grey, layout.portrait))


def noise_ratio(grey: Picture, layout: Layout) -> float:
    """Measures the portrait's noise over the card's: near 1 when one camera saw both."""
    portrait = layout.portrait
    inner = Box(portrait.x + 20, portrait.y + 20, portrait.width - 40, portrait.height - 40)
    card = _noise(_cut(grey, layout.ground))
    return _noise(_cut(grey, inner)) / max(card, 1e-6)


def _sides(grey: Picture, box: Box) -> tuple[Picture, ...]:
    # Four strips, each (distance from inside to outside, length along the side); corners are left out.
    x, y, right, bottom = box.x, box.y, box.x + box.width, box.y + box.height
    along_x, along_y = slice(x + 25, right - 25), slice(y + 25, bottom - 25)
    return (
        grey[bottom - _INSIDE_PX : bottom + _OUTSIDE_PX, along_x],
        grey[y - _OUTSIDE_PX : y + _INSIDE_PX, along_x][::-1],
        grey[along_y, right - _INSIDE_PX : right + _OUTSIDE_PX].T,
        grey[along_y, x - _OUTSIDE_PX : x + _INSIDE_PX][:, ::-1].T,
    )


def _side_halo(strip: Picture) -> float:
    parts = np.array_split(strip, _SEGMENTS, axis=1)
    return float(np.median([_profile_halo(np.median(part, axis=1)) for part in parts]))


def _profile_halo(profile: Floats) -> float:
    steps = np.abs(np.convolve(profile, [1, 1, 1, 0, -1, -1, -1], "same"))
    first = _INSIDE_PX - _SLACK_PX
    edge = first + int(np.argmax(steps[first : _INSIDE_PX + _SLACK_PX]))
    near = profile[edge + _NEAR[0] : edge + _NEAR[1]].mean()
    far = profile[edge + _FAR[0] : edge + _FAR[1]]
    ground = far.mean() if far.size >= 4 else profile[-6:].mean()
    return float(1 - near / max(ground, 1.0))


def _noise(grey: Picture) -> float:
    smooth = cv2.medianBlur(np.ascontiguousarray(grey), 5)
    spread = _blocks(grey.astype(np.float32) - smooth).std(axis=1)
    level = _blocks(grey.astype(np.float32)).mean(axis=1)
    exposed = spread[(level > 28) & (level < 235)]
    # Too little ground that is neither black nor burnt out: every block serves, rather than none.
    flat = exposed if exposed.size >= _LEAST_BLOCKS else spread
    return float(np.percentile(flat, _LOW_PERCENTILE))


def _blocks(values: NDArray[np.float32]) -> NDArray[np.float32]:
    rows, columns = (side // _BLOCK_PX for side in values.shape)
    whole = values[: rows * _BLOCK_PX, : columns * _BLOCK_PX]
    split = whole.reshape(rows, _BLOCK_PX, columns, _BLOCK_PX)
    return split.transpose(0, 2, 1, 3).reshape(rows * columns, -1)


def _cut(picture: Picture, box: Box) -> Picture:
    return picture[box.y : box.y + box.height, box.x : box.x + box.width]
