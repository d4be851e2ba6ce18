"""What a page looks like from afar, before any reading: places, colours, emblem, machine readable zone."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verification.vision.images import Bgr

__all__ = ["SMALL", "Layout", "grade_01", "layout_of"]

SMALL = (400, 260)
"""Width and height in pixels at which a page is looked at, whatever its class."""

_Plane = NDArray[np.float32]
_COLUMNS = 16
_ROW_EDGE_LEVELS = 15.0


@dataclass(frozen=True, slots=True)
class Layout:
    """A page's look, measured at `SMALL` size in CIE Lab (a, b around 0).

    `portrait` is the spread of brightness (0..255) where a portrait stands on the left; `pink_01` a share of
    the bright ground; `emblem_01` the share of the top left corner that is deep blue, `emblem_dark_01` that
    is dark; `colourful` the mean distance from grey; `heading` the mean edge beside the emblem; `zone_lines`
    text lines that run through the whole width of the foot, `zone` how strong their edges are (0..255).
    """

    portrait: float
    pink_01: float
    emblem_01: float
    emblem_dark_01: float
    colourful: float
    heading: float
    zone: float
    zone_lines: int


def layout_of(small: Bgr) -> Layout:
    """Measures a page, BGR uint8 of `SMALL` size, standing upright."""
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2LAB), np.float32)
    light, red, yellow = lab[..., 0], lab[..., 1] - 128, lab[..., 2] - 128
    smooth = np.asarray(cv2.GaussianBlur(light, (0, 0), 3), np.float32)
    edges = np.abs(np.asarray(cv2.Sobel(light, cv2.CV_32F, 1, 0, ksize=1), np.float32))
    ground = light > 140
    corner = (0.02, 0.02, 0.2, 0.25)
    zone, lines = _machine_zone(edges)
    return Layout(
        portrait=float(_part(smooth, 0.05, 0.22, 0.32, 0.75).std()),
        pink_01=_share(red > 4, ground),
        emblem_01=float((_part(yellow, *corner) < -25).mean()),
        emblem_dark_01=float((_part(light, *corner) < 110).mean()),
        colourful=float(np.hypot(red, yellow).mean()),
        heading=float(_part(edges, 0.33, 0.02, 0.85, 0.15).mean()),
        zone=zone,
        zone_lines=lines,
    )


def _share(mask: NDArray[np.bool_], ground: NDArray[np.bool_]) -> float:
    return float(mask[ground].mean()) if ground.mean() > 0.02 else 0.0


def grade_01(value: float, nothing: float, full: float) -> float:
    """0 up to `nothing`, 1 from `full` on, straight between."""
    return float(np.clip((value - nothing) / (full - nothing), 0.0, 1.0))


def _part(plane: _Plane, *box: float) -> _Plane:
    left, top, right, bottom = box
    height, width = plane.shape
    return plane[int(top * height) : int(bottom * height), int(left * width) : int(right * width)]


def _machine_zone(edges: _Plane) -> tuple[float, int]:
    # A machine readable line fills the width with strokes: even its third weakest column of sixteen is full
    # of edges, which no other line of a document manages. A line of the zone is 4 to 8 pixels high here.
    foot = _part(edges, 0.03, 0.66, 0.97, 1.0)
    columns = np.stack([part.mean(axis=1) for part in np.array_split(foot, _COLUMNS, axis=1)], axis=1)
    rows = np.sort(cv2.blur(columns, (1, 5)), axis=1)[:, 2]
    on = rows > max(_ROW_EDGE_LEVELS, 0.45 * float(rows.max()))
    starts = np.flatnonzero(np.diff(np.concatenate([[False], on]).astype(np.int8)) == 1)
    return float(rows.max()), len(starts)
