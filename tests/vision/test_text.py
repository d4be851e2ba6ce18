"""Both ways of asking Tesseract give the same words."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tests.specimens.ink import Line, write
from verification.vision.text import Grey, StartedEngine, engine, read_block, read_line

MODELS = Path("/usr/share/tesseract-ocr/5/tessdata")


def sheet(*rows: str) -> Grey:
    lines = [Line(text, 40, 70 + 60 * at, 40, "bold") for at, text in enumerate(rows)]
    return write(np.full((60 + 60 * len(rows), 900, 3), 235, np.uint8), lines)[..., 0].copy()


def test_a_block_of_print_becomes_words_with_lines_and_boxes() -> None:
    words = read_block(sheet("DRIVING LICENCE", "HOLLOWAY"))
    assert [(word.text, word.line) for word in words] == [("DRIVING", 0), ("LICENCE", 0), ("HOLLOWAY", 1)]
    assert all(word.confidence_01 > 0.5 for word in words)
    assert words[0].box.x < words[1].box.x
    assert words[2].box.y > words[0].box.y


def test_one_line_is_read_from_left_to_right() -> None:
    assert [word.text for word in read_line(sheet("14.03.1961 DVLA"))] == ["14.03.1961", "DVLA"]


def test_an_empty_sheet_has_no_words_at_all() -> None:
    assert read_block(np.full((200, 400), 255, np.uint8)) == ()


def test_the_engine_of_a_process_is_started_once() -> None:
    assert engine() is engine()


@pytest.mark.skipif(
    not MODELS.is_dir() or not os.access("/usr/bin/tesseract", os.X_OK), reason="no Debian tesseract"
)
def test_the_started_program_reads_the_same_words_as_the_warm_engine() -> None:
    page = sheet("DRIVING LICENCE", "HOLLOWAY")
    started = [row.split("\t")[-1] for row in StartedEngine(MODELS).table(page, 6).splitlines()]
    assert [text for text in started if text.strip()] == [word.text for word in read_block(page)]
