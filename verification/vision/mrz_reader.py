"""Reads the machine readable zone of a passport's page: our own OCR-B reader, check digits as the judge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from verification.vision.mrz import MachineZone, layout_of
from verification.vision.mrz_align import align
from verification.vision.mrz_net import CHARACTERS, CellNet, cell_net
from verification.vision.mrz_repair import choose
from verification.vision.mrz_strip import Baseline, cut, find_lines

__all__ = ["read", "warm_up"]

Bgr = NDArray[np.uint8]
_LIKE_WIDTH = 0.06  # lines of one zone differ by no more of their width in length and left end
_GAP_IN_PITCHES = (1.0, 3.6)  # line distance: 1.6 to 2.5 pitches in print, more in loosely set specimens
_LIKE_HEIGHT = 1.7  # times that one line may be as high as its neighbour: fillers are lower than letters
# Mean log-probability below which a line counts as unread: no OCR-B at that pitch, or too blurred. It guards
# the names, which have no check digit. Specimen pages have -0.02 at worst, pages blurred until letters go
# wrong -0.06 to -0.18.
_LEGIBLE_LOG = -0.06
_WIDTHS = ((44, 2), (36, 2), (30, 3))


def warm_up() -> None:
    """Load the reader's weights, so that the first page need not wait for them."""
    cell_net()


def read(page_bgr: Bgr) -> MachineZone | None:
    """Read the zone on a page or a near-upright photograph of one, (H, W, 3) uint8.

    None when there is none that can be read. A zone whose check digits fail is returned with them marked as
    failed: nothing is made up to please them.
    """
    grey = np.asarray(cv2.cvtColor(page_bgr, cv2.COLOR_BGR2GRAY), np.uint8)
    best: MachineZone | None = None
    for group in _groups(find_lines(grey)):
        zone = _read_group(cell_net(), grey, group)
        if zone is not None and zone.check_digits_ok:
            return zone
        best = (
            zone if best is None or (zone is not None and zone.confidence_01 > best.confidence_01) else best
        )
    return best


def _groups(lines: Sequence[Baseline]) -> Iterator[tuple[Baseline, ...]]:
    """Give neighbouring lines of like place and length, from the lowest up, three before two."""
    for last in range(len(lines), 1, -1):
        for size in (3, 2):
            group = tuple(lines[max(last - size, 0) : last])
            if len(group) == size and all(map(_belong_together, group, group[1:])):
                yield group


def _belong_together(upper: Baseline, lower: Baseline) -> bool:
    width = max(upper.width_px, lower.width_px)
    differences = (upper.left_px - lower.left_px, upper.right_px - lower.right_px)
    heights = sorted((upper.height_px, lower.height_px))
    gap = (lower.y_px - upper.y_px) / (width / 40)
    return all(abs(px) <= _LIKE_WIDTH * width for px in differences) and (
        heights[1] <= _LIKE_HEIGHT * heights[0] and _GAP_IN_PITCHES[0] <= gap <= _GAP_IN_PITCHES[1]
    )


def _read_group(net: CellNet, grey: NDArray[np.uint8], group: Sequence[Baseline]) -> MachineZone | None:
    """Read a group of lines at the first width, of those its line count has, at which all are legible."""
    for width in (width for width, line_count in _WIDTHS if line_count == len(group)):
        readings = [align(net, cut(grey, line, width), width) for line in group]
        first = CHARACTERS[int(readings[0].cells[0].argmax())]
        layout = layout_of(line_count=len(group), width=width, first=first)
        if layout is not None and min(reading.mean_log for reading in readings) > _LEGIBLE_LOG:
            return choose(layout, [reading.cells for reading in readings])
    return None
