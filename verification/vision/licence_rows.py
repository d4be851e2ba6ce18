"""Where a UK photocard licence prints its numbered fields, and which line of print is whose."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from statistics import median
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from verification.vision.grades import Box
from verification.vision.text import Word, read_block, read_line

__all__ = ["Label", "Row", "page_words", "read_again", "rows_of"]

Bgr = NDArray[np.uint8]
Label = Literal["1", "2", "3", "4a", "4b", "5", "8"]
PAGE_SIZE = (1600, 1010)  # places below are pixels of a rectified ID-1 page of this size
_REGION = Box(
    520, 30, 870, 810
)  # heading to address; right of it lies the ghost image, below it the categories
_SCALE = 0.6  # of that page: letters stay 20 px high, reading is a quarter cheaper than at full size
_SIGNATURE_Y, _SIGNATURE_HEIGHT_PX = 605, 90  # handwriting is left out: it says nothing and takes time
_LABEL_END_X = 604  # numbers stand left of it, values right of it
_ROWS_Y: dict[Label, int] = {"1": 202, "2": 271, "3": 351, "4a": 419, "4b": 487, "5": 564, "8": 735}
_ROW_REACH_PX = 34
_ADDRESS_PITCH_PX = 70
# Numbers that Tesseract does not take for one another on small print; 5 and 8 it does.
_SURE_LABELS: dict[str, Label] = {"1": "1", "2": "2", "3": "3", "4a": "4a", "4b": "4b"}


@dataclass(frozen=True, slots=True)
class Row:
    """The values printed in one line behind a number; `words` has no number any more."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """Give the line's words, single spaces between."""
        return " ".join(word.text for word in self.words)

    @property
    def confidence_01(self) -> float:
        """Give the confidence of the least sure word, 0 for an empty line."""
        return min((word.confidence_01 for word in self.words), default=0.0)

    @property
    def box(self) -> Box:
        """Give the rectangle around the words, in page pixels.

        Raises:
            ValueError: the line is empty.
        """
        left, top = min(word.box.x for word in self.words), min(word.box.y for word in self.words)
        right = max(word.box.x + word.box.width for word in self.words)
        bottom = max(word.box.y + word.box.height for word in self.words)
        return Box(left, top, right - left, bottom - top)


def page_words(page_bgr: Bgr) -> tuple[Word, ...]:
    """Read the printed words of a rectified licence, (1010, 1600, 3); boxes are in page pixels."""
    region = _grey(page_bgr, _REGION)
    region[_SIGNATURE_Y - _REGION.y : _SIGNATURE_Y + _SIGNATURE_HEIGHT_PX - _REGION.y] = 255
    small = np.asarray(cv2.resize(region, None, fx=_SCALE, fy=_SCALE, interpolation=cv2.INTER_AREA), np.uint8)
    return tuple(_placed(word, _REGION, 1 / _SCALE) for word in read_block(small))


def rows_of(words: Sequence[Word]) -> dict[Label, tuple[Row, ...]]:
    """Give each number the line of print nearest its place (8: its lines).

    Lines with a surely read number say by how much the whole print is moved. A line without a letter or
    a digit is dirt, or the edge of something: it stands for no row.
    """
    lines = [tuple(word for word in words if word.line == at) for at in sorted({word.line for word in words})]
    offset_px = median([0.0, 0.0, *_offsets(lines)])
    placed: dict[Label, list[tuple[float, Row]]] = {}
    for line in lines:
        y_px = _middle(line) - offset_px
        label, values = _label_at(y_px), Row(tuple(word for word in line if _is_value(word)))
        if label and any(map(str.isalnum, values.text)):
            placed.setdefault(label, []).append((abs(y_px - _ROWS_Y[label]), values))
    return {
        label: tuple(row for _, row in found) if label == "8" else (min(found, key=itemgetter(0))[1],)
        for label, found in placed.items()
    }


def read_again(page_bgr: Bgr, row: Row, scale: float) -> Row:
    """Read one line once more, from its own crop at so many times the page's scale."""
    box = row.box
    right = min(_REGION.x + _REGION.width, box.x + box.width + 60)
    crop = Box(max(box.x - 12, 0), max(box.y - 12, 0), right - max(box.x - 12, 0), box.height + 24)
    way = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    grey = np.asarray(
        cv2.resize(_grey(page_bgr, crop), None, fx=scale, fy=scale, interpolation=way), np.uint8
    )
    return Row(tuple(_placed(word, crop, 1 / scale) for word in read_line(grey)))


def _grey(page_bgr: Bgr, box: Box) -> NDArray[np.uint8]:
    # Print is dark in all three colours, guilloche and tints are light in one: their maximum hides them.
    blue, green, red = cv2.split(page_bgr[box.y : box.y + box.height, box.x : box.x + box.width])
    return np.asarray(cv2.max(cv2.max(blue, green), red), np.uint8)


def _placed(word: Word, origin: Box, by: float) -> Word:
    box = word.box
    x, y = round(origin.x + box.x * by), round(origin.y + box.y * by)
    return Word(
        word.text, Box(x, y, round(box.width * by), round(box.height * by)), word.confidence_01, word.line
    )


def _is_value(word: Word) -> bool:
    return word.box.x + word.box.width / 2 > _LABEL_END_X


def _middle(line: Sequence[Word]) -> float:
    return median(word.box.y + word.box.height / 2 for word in line)


def _offsets(lines: Sequence[Sequence[Word]]) -> list[float]:
    """Say how much lower than usual the lines with a surely read number lie."""
    labels = ((re.sub(r"[^0-9a-z]", "", line[0].text), _middle(line)) for line in lines)
    return [middle - _ROWS_Y[_SURE_LABELS[text]] for text, middle in labels if text in _SURE_LABELS]


def _label_at(y_px: float) -> Label | None:
    nearest = min(_ROWS_Y, key=lambda label: abs(_ROWS_Y[label] - y_px))
    if abs(_ROWS_Y[nearest] - y_px) <= _ROW_REACH_PX:
        return nearest
    return "8" if 0 < y_px - _ROWS_Y["8"] <= _ADDRESS_PITCH_PX else None
