"""Printed words on a page: Tesseract warm in this process, or started anew where its binding is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
import pytesseract
from numpy.typing import NDArray
from PIL import Image

from verification.vision.grades import Box

__all__ = [
    "Engine",
    "StartedEngine",
    "TextUnavailable",
    "WarmEngine",
    "Word",
    "engine",
    "read_block",
    "read_line",
    "warm_up",
]

Grey = NDArray[np.uint8]
_BLOCK, _LINE = 6, 7  # Tesseract's page segmentation modes: one block of lines, one line
_DPI = 300
_WORD_LEVEL = "5"
_COLUMNS = 12
# Debian 12 keeps version 5's models here; the others are Tesseract's own and other systems' usual places.
_MODEL_FOLDERS = (
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)


class TextUnavailable(RuntimeError):
    """No Tesseract with English letters is installed on this machine."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word as printed; `line` counts lines from the top, `box` is in pixels of the picture."""

    text: str
    box: Box
    confidence_01: float
    line: int


class Engine(Protocol):
    """What both ways of asking Tesseract offer."""

    def table(self, grey: Grey, mode: int) -> str:
        """Read a grey picture and return Tesseract's table of words, tab-separated, without header."""


class WarmEngine:
    """Tesseract inside this process (tesserocr): its model is loaded once. Not for two threads."""

    def __init__(self, models: Path) -> None:
        # Only here: where the binding cannot be loaded, the other engine must still start.
        from tesserocr import PyTessBaseAPI  # noqa: PLC0415

        self._api = PyTessBaseAPI(path=f"{models}/", lang="eng", psm=_BLOCK)

    def table(self, grey: Grey, mode: int) -> str:
        """Read a grey picture (H, W) uint8."""
        self._api.SetPageSegMode(mode)
        self._api.SetImage(Image.fromarray(grey))
        self._api.SetSourceResolution(_DPI)
        return str(self._api.GetTSVText(0))


class StartedEngine:
    """Tesseract as a program started for each question (pytesseract): slower, where tesserocr is missing."""

    def __init__(self, models: Path) -> None:
        self._models = models

    def table(self, grey: Grey, mode: int) -> str:
        """Read a grey picture (H, W) uint8.

        Raises:
            TextUnavailable: the program `tesseract` is not installed.
        """
        config = f"--psm {mode} --dpi {_DPI} --tessdata-dir {self._models}"
        try:
            answer = str(pytesseract.image_to_data(Image.fromarray(grey), lang="eng", config=config))
        except pytesseract.TesseractNotFoundError as error:
            raise TextUnavailable("no program `tesseract`: install tesseract-ocr") from error
        return answer.partition("\n")[2]


@cache
def engine() -> Engine:
    """Start the engine of this process once.

    Raises:
        TextUnavailable: no folder with eng.traineddata was found.
    """
    models = _models()
    try:
        return WarmEngine(models)
    except (ImportError, RuntimeError):
        return StartedEngine(models)


def warm_up() -> None:
    """Start the engine and read an empty page, so that the first page need not wait for it."""
    read_block(np.full((64, 256), 255, np.uint8))


def read_block(grey: Grey) -> tuple[Word, ...]:
    """Read a block of lines, (H, W) uint8 with dark letters, in reading order."""
    return _words(engine().table(grey, _BLOCK))


def read_line(grey: Grey) -> tuple[Word, ...]:
    """Read one line of print, (H, W) uint8 with dark letters, from left to right."""
    return _words(engine().table(grey, _LINE))


def _models() -> Path:
    for folder in map(Path, _MODEL_FOLDERS):
        if (folder / "eng.traineddata").is_file():
            return folder
    raise TextUnavailable("no eng.traineddata found: install tesseract-ocr and tesseract-ocr-eng")


def _words(table: str) -> tuple[Word, ...]:
    rows = [row.split("\t") for row in table.splitlines()]
    words = [row for row in rows if len(row) == _COLUMNS and row[0] == _WORD_LEVEL and row[-1].strip()]
    places = sorted({_place(row) for row in words})
    return tuple(_word(row, places.index(_place(row))) for row in words)


def _place(row: Sequence[str]) -> tuple[int, int, int]:
    return int(row[2]), int(row[3]), int(row[4])


def _word(row: Sequence[str], line: int) -> Word:
    box = Box(*(int(value) for value in row[6:10]))
    return Word(row[11].strip(), box, max(float(row[10]), 0.0) / 100, line)
