"""The camera model is seeded, makes 12 megapixel JPEGs, and its faults are what they say."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import ExifTags, Image

from tests.specimens.camera import FRAME_SIZE, Insert, Shot, desk, photograph, place
from tests.specimens.copies import on_paper, on_screen
from tests.specimens.documents import PORTRAIT_BOX, licence
from tests.specimens.holders import HOLDER_A
from tests.specimens.portraits import Rgb, crop_35_45

FLAT = licence(HOLDER_A, seed=1)
UPRIGHT = photograph(FLAT, seed=2)


def _pixels(jpeg: bytes) -> Rgb:
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def test_a_photograph_is_a_jpeg_of_twelve_megapixels() -> None:
    with Image.open(io.BytesIO(UPRIGHT)) as picture:
        assert (picture.format, picture.size) == ("JPEG", FRAME_SIZE)


def test_the_same_seed_takes_the_same_photograph() -> None:
    assert photograph(FLAT, seed=2) == UPRIGHT


def test_another_seed_moves_the_page_and_keeps_it_in_the_frame() -> None:
    corners = [place(FLAT, seed=seed) for seed in range(200)]
    assert not np.allclose(corners[0], corners[1])
    assert min(float(spot.min()) for spot in corners) > 0
    assert all((spot < FRAME_SIZE).all() for spot in corners)


def test_a_cut_off_page_leaves_the_frame_on_the_right() -> None:
    assert all(place(FLAT, seed=seed, fault="cut_off")[1, 0] > FRAME_SIZE[0] for seed in range(200))


def test_a_turned_photograph_whose_file_tells_is_shown_upright() -> None:
    told = photograph(FLAT, seed=2, shot=Shot(turn_degrees=90, exif_tells=True))
    with Image.open(io.BytesIO(told)) as picture:
        assert picture.getexif()[ExifTags.Base.Orientation] == 8
    assert cv2.absdiff(_pixels(told), _pixels(UPRIGHT)).mean() < 2


def test_a_sideways_photograph_that_does_not_tell_stays_sideways() -> None:
    sideways = _pixels(photograph(FLAT, seed=2, shot=Shot(turn_degrees=90)))
    assert sideways.shape[1::-1] == FRAME_SIZE[::-1]


def test_an_insert_lies_over_the_portrait_and_nowhere_else() -> None:
    x, y, width, height = PORTRAIT_BOX
    face = np.asarray(cv2.resize(crop_35_45("biden"), (width, height)), np.uint8)
    spliced = _pixels(photograph(FLAT, seed=2, shot=Shot(insert=Insert(face, x, y))))
    changed = cv2.absdiff(spliced, _pixels(UPRIGHT)).max(axis=2) > 40
    rows, columns = (np.flatnonzero(changed.any(axis=axis)) for axis in (1, 0))
    assert np.ptp(rows) / np.ptp(columns) == pytest.approx(height / width, rel=0.15)


def test_an_empty_desk_is_a_photograph_without_a_page() -> None:
    assert _pixels(desk(seed=1, background="dark")).mean() < 80


@pytest.mark.parametrize("grey", [False, True])
def test_a_print_has_dots_and_a_grey_one_no_colour(grey: bool) -> None:
    printed = on_paper(FLAT, seed=1, grey=grey).astype(int)
    colour = float(np.abs(printed[..., 0] - printed[..., 2]).mean())
    assert (colour < 12) is grey


def test_a_screen_shows_its_pixels_as_a_peak_in_the_spectrum() -> None:
    part = on_screen(FLAT, seed=1, pitch_px=4.0)[300:556, 900:1156].mean(axis=2)
    power = np.abs(np.fft.rfft2(part - part.mean()))
    ring = power[:, 58:70].max() / np.median(power)
    plain = FLAT[300:556, 900:1156].mean(axis=2)
    still = np.abs(np.fft.rfft2(plain - plain.mean()))
    assert ring > 3 * still[:, 58:70].max() / np.median(still)
