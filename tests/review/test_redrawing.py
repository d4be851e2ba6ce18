"""Strangers' files drawn anew, in a process that may die."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.verification.files import clip, picture, png_bomb
from verification.review.redraw import CannotRedraw, redraw
from verification.review.redrawing import LONGEST_PX, redraw_clip, redraw_picture


def _size(jpeg: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(jpeg)) as seen:
        assert seen.format == "JPEG"
        return seen.size


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_accepted_kind_of_picture_becomes_a_bounded_jpeg(tmp_path: Path, kind: str) -> None:
    data = picture(tmp_path / "p", kind=kind, size=(2 * LONGEST_PX, 300)).read_bytes()

    assert _size(redraw_picture(data)) == (LONGEST_PX, 150)


def test_a_picture_taken_sideways_is_turned_upright(tmp_path: Path) -> None:
    data = picture(tmp_path / "p", size=(60, 40), orientation=6).read_bytes()

    assert _size(redraw_picture(data)) == (40, 60)


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    bomb = png_bomb(tmp_path / "bomb").read_bytes()

    with pytest.raises(CannotRedraw):
        redraw(bomb)


@pytest.mark.parametrize("kind", ["mp4", "webm", "mov"])
def test_every_accepted_kind_of_clip_becomes_a_sheet(tmp_path: Path, kind: str) -> None:
    data = clip(tmp_path / "c", kind=kind, size=(64, 48)).read_bytes()

    assert _size(redraw_clip(data, (0, 1000, 2000))) == (1280, 2 * 480)


def test_moments_after_the_end_are_shown_by_the_last_frame_once(tmp_path: Path) -> None:
    data = clip(tmp_path / "c", seconds=1.5).read_bytes()

    assert _size(redraw_clip(data, (1000, 5000, 9000))) == (1280, 480)


def test_the_process_of_its_own_gives_the_same_sheet(tmp_path: Path) -> None:
    data = clip(tmp_path / "c", seconds=1.5).read_bytes()

    assert redraw(data, (0, 500)) == redraw_clip(data, (0, 500))


def test_a_clip_without_pictures_cannot_be_drawn(tmp_path: Path) -> None:
    with pytest.raises(CannotRedraw):
        redraw(b"\x00\x00\x00\x18ftypmp42 and nothing more", (0, 500))
