"""Where a page may lie: four-cornered outlines in a small picture, each with how well its sides are seen.

Two ways find them: what differs from the frame's border (plain desks), and long straight edges (cluttered
ones). The sides of a good one are then fitted to the picture's edges with sub-pixel accuracy.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from verification.vision.images import Bgr

__all__ = ["Lab", "Quad", "area_share", "aspect_of", "by_lines", "by_surface", "fit_sides", "in_order"]

Quad = NDArray[np.float32]
Lab = NDArray[np.float32]
_Line = NDArray[np.float64]

_SEARCH_PX = 10
_SAMPLES = 48
_EDGE_LEVELS = 7.0
_MIN_AREA = 0.08
# Of 100 cluttered desks, three pages had a side that came after the 20 longest edges, one after 36.
_MOST_LINES = 36
_BORDER_PX = 12
_BORDER_SIDE = 0.6


def by_surface(lab: Lab) -> Iterator[Quad]:
    """Outlines of what differs from the frame's border in colour and brightness, largest first."""
    band = max(2, lab.shape[0] // 50)
    border = np.concatenate(
        [lab[:band].reshape(-1, 3), lab[-band:].reshape(-1, 3), lab[:, :band].reshape(-1, 3)]
    )
    border = np.concatenate([border, lab[:, -band:].reshape(-1, 3)])
    away = np.sqrt(((lab - np.median(border, axis=0)) ** 2).sum(axis=2))
    yield from _outlines(away)
    yield from _outlines(lab[..., 0])


def by_lines(lab: Lab) -> Iterator[Quad]:
    """Outlines that the longest straight edges make, the large and well seen ones first; at most five."""
    edges = _long_edges(lab)
    # At whole degrees a long side that lies between two of them falls apart, and is not found.
    found = cv2.HoughLinesP(edges, 1, np.pi / 360, 30, minLineLength=lab.shape[1] // 10, maxLineGap=8)
    if found is None:
        return
    lines = _distinct(np.asarray(found, np.float64).reshape(-1, 4))
    quads = _crossings(np.concatenate([lines, _border_lines(lab.shape)]), lab.shape)
    if len(quads):
        seen = _support(quads, cv2.dilate(edges, np.ones((3, 3), np.uint8)))
        yield from quads[np.argsort(-seen)[:5]]


def fit_sides(bgr: Bgr, quad: Quad) -> tuple[Quad, float]:
    """The outline with its sides moved onto the edges near them, and their share that is seen, 0 to 1.

    A side that lies along the picture's own border stays there and is not counted: the page is cut off there.
    """
    cut = _along_border(quad, bgr.shape)
    if cut.sum() > 1:
        return quad, 0.0
    fits = [_fit_side(bgr, quad[index], quad[(index + 1) % 4]) for index in range(4)]
    fits = [(_side(quad, index), 0.0) if cut[index] else fits[index] for index in range(4)]
    corners = [_meet(fits[index - 1][0], fits[index][0]) for index in range(4)]
    if any(corner is None for corner in corners):
        return quad, 0.0
    shares = np.array([share for _, share in fits])[~cut]
    return np.array(corners, np.float32), float(0.5 * shares.min() + 0.5 * shares.mean())


def in_order(quad: Quad) -> Quad:
    """The corners as top left, top right, bottom right, bottom left of the picture."""
    middle = quad.mean(axis=0)
    around = quad[np.argsort(np.arctan2(quad[:, 1] - middle[1], quad[:, 0] - middle[0]))]
    return np.roll(around, -int(np.argmin(around.sum(axis=1))), axis=0).astype(np.float32)


def aspect_of(quad: Quad) -> float:
    """Mean width over mean height."""
    sides = np.linalg.norm(quad - np.roll(quad, -1, axis=0), axis=1)
    return float((sides[0] + sides[2]) / max(1e-6, sides[1] + sides[3]))


def area_share(quad: Quad, shape: tuple[int, ...]) -> float:
    """The outline's share of the picture's area."""
    return float(cv2.contourArea(quad)) / (shape[0] * shape[1])


def _along_border(quad: Quad, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    ahead = np.roll(quad, -1, axis=0)
    far = (shape[1] - 1 - _BORDER_PX, shape[0] - 1 - _BORDER_PX)
    low = (quad < _BORDER_PX) & (ahead < _BORDER_PX)
    return np.asarray((low | ((quad > far) & (ahead > far))).any(axis=1), np.bool_)


def _side(quad: Quad, index: int) -> _Line:
    return np.concatenate([quad[index], quad[(index + 1) % 4]]).astype(np.float64)


def _outlines(level: NDArray[np.float32]) -> Iterator[Quad]:
    _, mask = cv2.threshold(_byte(level), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    for way in (cv2.MORPH_CLOSE, cv2.MORPH_OPEN):
        mask = cv2.morphologyEx(mask, way, np.ones((7, 7), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    for contour in sorted(contours, key=cv2.contourArea, reverse=True)[:2]:
        hull = cv2.convexHull(contour)
        if cv2.contourArea(hull) >= _MIN_AREA * mask.size:
            yield in_order(_four_corners(hull))


def _four_corners(hull: MatLike) -> Quad:
    around = cv2.arcLength(hull, True)
    for share in (0.02, 0.03, 0.045, 0.06, 0.08):
        corners = cv2.approxPolyDP(hull, share * around, True)
        if len(corners) == 4:
            return np.asarray(corners, np.float32).reshape(4, 2)
    return np.asarray(cv2.boxPoints(cv2.minAreaRect(hull)), np.float32)


def _byte(level: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.clip(level, 0, 255).astype(np.uint8)


def _long_edges(lab: Lab) -> NDArray[np.uint8]:
    # Letters and faces make most edges, all of them short: what does not reach a tenth of the frame goes.
    planes = [cv2.Canny(_byte(lab[..., index]), low, 3 * low) for index, low in ((0, 25), (1, 12), (2, 12))]
    edges = np.maximum.reduce([np.asarray(plane, np.uint8) for plane in planes])
    _, names, boxes, _ = cv2.connectedComponentsWithStats(edges, connectivity=8)
    long = boxes[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1) > lab.shape[1] // 10
    long[0] = False
    return np.asarray(long[names] * 255, np.uint8)


def _distinct(lines: _Line) -> _Line:
    length = np.hypot(lines[:, 2] - lines[:, 0], lines[:, 3] - lines[:, 1])
    kept: list[_Line] = []
    for line in lines[np.argsort(-length)]:
        if all(_apart(line, other) for other in kept):
            kept.append(line)
    return np.array(kept[:_MOST_LINES])


def _border_lines(shape: tuple[int, ...]) -> _Line:
    # A page that is cut off has the picture's own border for a side.
    right, low = shape[1] - 1.0, shape[0] - 1.0
    return np.array([[0, 0, right, 0], [0, low, right, low], [0, 0, 0, low], [right, 0, right, low]])


def _apart(line: _Line, other: _Line) -> bool:
    way = other[2:] - other[:2]
    normal = np.array([-way[1], way[0]]) / np.hypot(*way)
    ends = line.reshape(2, 2) - other[:2]
    return bool(np.abs(ends @ normal).max() > 4)


def _crossings(lines: _Line, shape: tuple[int, ...]) -> NDArray[np.float32]:
    across = np.abs(lines[:, 2] - lines[:, 0]) > np.abs(lines[:, 3] - lines[:, 1])
    level, upright = lines[across], lines[~across]
    level = level[np.argsort(level[:, [1, 3]].sum(axis=1))]
    upright = upright[np.argsort(upright[:, [0, 2]].sum(axis=1))]
    spots = _meetings(level, upright)
    rows = np.array(list(combinations(range(len(level)), 2)), int).reshape(-1, 2)
    columns = np.array(list(combinations(range(len(upright)), 2)), int).reshape(-1, 2)
    row, column = np.repeat(rows, len(columns), axis=0), np.tile(columns, (len(rows), 1))
    corners = [spots[row[:, i], column[:, j]] for i, j in ((0, 0), (0, 1), (1, 1), (1, 0))]
    quads = np.stack(corners, axis=1).astype(np.float32)
    return quads[_plausible(quads, shape)]


def _meetings(level: _Line, upright: _Line) -> NDArray[np.float64]:
    one, other = (np.cross(_flat(lines[:, :2]), _flat(lines[:, 2:])) for lines in (level, upright))
    spots = np.cross(one[:, None], other[None])
    return np.asarray(
        spots[..., :2] / np.where(np.abs(spots[..., 2:]) < 1e-9, 1e-9, spots[..., 2:]), np.float64
    )


def _flat(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([points, np.ones((len(points), 1))], axis=1)


def _plausible(quads: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    limit = np.array([shape[1] + 4, shape[0] + 4], np.float32)
    inside = ((quads > -4) & (quads < limit)).all(axis=(1, 2))
    sides = np.linalg.norm(quads - np.roll(quads, -1, axis=1), axis=2)
    aspect = (sides[:, 0] + sides[:, 2]) / np.maximum(sides[:, 1] + sides[:, 3], 1e-6)
    longer = np.maximum(aspect, 1 / np.maximum(aspect, 1e-6))
    large = sides[:, 0] * sides[:, 1] >= _MIN_AREA * shape[0] * shape[1]
    return np.asarray(inside & large & (longer > 1.2) & (longer < 1.9), np.bool_)


def _meet(one: _Line, other: _Line) -> _Line | None:
    way, turned = one[2:] - one[:2], other[2:] - other[:2]
    cross = way[0] * turned[1] - way[1] * turned[0]
    if abs(cross) < 0.3 * np.hypot(*way) * np.hypot(*turned):
        return None
    gap = other[:2] - one[:2]
    return np.asarray(one[:2] + way * (gap[0] * turned[1] - gap[1] * turned[0]) / cross, np.float64)


def _support(quads: NDArray[np.float32], edges: MatLike) -> NDArray[np.float64]:
    steps = np.linspace(0.08, 0.92, 24, dtype=np.float32)[None, None, :, None]
    points = quads[:, :, None] * (1 - steps) + np.roll(quads, -1, axis=1)[:, :, None] * steps
    x = np.clip(points[..., 0].round().astype(int), 0, edges.shape[1] - 1)
    y = np.clip(points[..., 1].round().astype(int), 0, edges.shape[0] - 1)
    limit = np.array([edges.shape[1] - 3, edges.shape[0] - 3])
    bordering = np.any(np.all((points < 2) | (points > limit), axis=2), axis=2)
    sides = np.where(bordering, _BORDER_SIDE, np.mean(edges[y, x] > 0, axis=2))
    span = np.linalg.norm(quads[:, 1] - quads[:, 0], axis=1) * np.linalg.norm(
        quads[:, 3] - quads[:, 0], axis=1
    )
    fair = bordering.sum(axis=1) < 2
    return np.asarray(
        fair * (sides.mean(axis=1) + sides.min(axis=1)) * (span / edges.size) ** 0.25, np.float64
    )


def _fit_side(bgr: Bgr, start: NDArray[np.float32], end: NDArray[np.float32]) -> tuple[_Line, float]:
    way = (end - start).astype(np.float64)
    normal = np.array([-way[1], way[0]]) / max(1e-6, np.hypot(*way))
    steps = np.linspace(0.1, 0.9, _SAMPLES)
    offsets = np.arange(-_SEARCH_PX - 2, _SEARCH_PX + 3, dtype=np.float64)
    points = (start + steps[:, None, None] * way + offsets[None, :, None] * normal).astype(np.float32)
    jump = _jumps(bgr, points)
    best = jump.argmax(axis=1)
    strong = jump.max(axis=1) > _EDGE_LEVELS
    if strong.sum() < _SAMPLES // 6:
        return np.concatenate([start, end]).astype(np.float64), 0.0
    slope, shift, near = _steady_line(steps, offsets[best] + 1.5 + _between(jump, best), strong)
    ends = [start + share * way + (slope * share + shift) * normal for share in (0.0, 1.0)]
    return np.concatenate(ends), float((near & strong).mean())


def _jumps(bgr: Bgr, points: NDArray[np.float32]) -> NDArray[np.float32]:
    seen = cv2.remap(bgr, points[..., 0], points[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    lab = np.asarray(cv2.cvtColor(cv2.blur(seen, (3, 3)), cv2.COLOR_BGR2LAB), np.float32)
    return np.asarray(np.sqrt(((lab[:, 3:] - lab[:, :-3]) ** 2).sum(axis=2)), np.float32)


def _between(jump: NDArray[np.float32], best: NDArray[np.intp]) -> NDArray[np.float64]:
    rows = np.arange(len(best))
    left, right = jump[rows, np.maximum(best - 1, 0)], jump[rows, np.minimum(best + 1, jump.shape[1] - 1)]
    bend = left - 2 * jump[rows, best] + right
    return np.where(bend < -1e-6, np.clip(0.5 * (left - right) / np.minimum(bend, -1e-6), -0.5, 0.5), 0.0)


def _steady_line(
    steps: NDArray[np.float64], place: NDArray[np.float64], strong: NDArray[np.bool_]
) -> tuple[float, float, NDArray[np.bool_]]:
    # Theil and Sen's median slope first, then least squares on what lies near it: clutter must not count.
    x, y = steps[strong], place[strong]
    far = np.abs(x[:, None] - x[None]) > 0.15
    rise = (y[:, None] - y[None])[far] / (x[:, None] - x[None])[far] if far.any() else np.zeros(1)
    slope = float(np.median(rise))
    shift = float(np.median(y - slope * x))
    for reach in (2.5, 1.5):
        near = np.abs(place - slope * steps - shift) < reach
        if (near & strong).sum() >= 4:
            slope, shift = (
                float(value) for value in np.polyfit(steps[near & strong], place[near & strong], 1)
            )
    return slope, shift, np.abs(place - slope * steps - shift) < 1.5
