"""The reader of machine readable zones on drawn pages, photographed pages and pages without a zone."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.specimens.camera import Hardness, photograph, place
from tests.specimens.documents import TD3_SIZE, licence, machine_zone, passport_page
from tests.specimens.holders import HOLDER_A, HOLDER_B
from tests.specimens.ink import Line, blank, write
from verification.vision.images import Bgr, decode
from verification.vision.mrz import LAYOUTS, Format, MachineZone, seal
from verification.vision.mrz_reader import read
from verification.vision.page import rectify

REAL_DATA = Path(os.environ.get("VOUCH_REAL_DATA", "../shared/data"))
TINTS = ((226, 232, 224), (238, 234, 220))
DRAWN: Mapping[Format, tuple[str, ...]] = {
    "TD3": ("P<UTOQVIST<<ZOE<MAXIMILIANE<<<<<<<<<<<<<<<<<", "X1B8G6Z2S0UTO8009307F3102284O0I1Q5<<<<<<<<00"),
    "TD2": ("I<UTOQVIST<<ZOE<MAXIMILIANE<<<<<<<<<", "X1B8G6Z2S0UTO8009307F3102284OI<<<<<0"),
    "MRV-A": ("V<UTOQVIST<<ZOE<MAXIMILIANE<<<<<<<<<<<<<<<<<", "X1B8G6Z2S0UTO8009307F31022846ZE184226B<<<<<<"),
}


def zone_of(page: Bgr) -> MachineZone:
    zone = read(page)
    assert zone is not None
    return zone


def drawn(lines: Sequence[str], *, seed: int = 1) -> Bgr:
    page = blank(TD3_SIZE, TINTS, np.random.default_rng(seed))
    pitch_px = 1420 / len(lines[0])
    rows = [
        Line(text, 84, 960 + 80 * at, round(pitch_px * 1.4), "ocr_b", pitch_px=pitch_px)
        for at, text in enumerate(lines)
    ]
    return np.asarray(cv2.cvtColor(write(page, rows), cv2.COLOR_RGB2BGR), np.uint8)


@cache
def photographed(seed: int, hardness: Hardness) -> Bgr:
    page = passport_page(HOLDER_A if seed % 2 else HOLDER_B, seed=seed)
    picture = decode(photograph(page, seed=seed, hardness=hardness))
    # A page finder is some pixels off at each corner.
    corners = place(page, seed=seed, hardness=hardness) + np.random.default_rng(seed).normal(0, 8, (4, 2))
    return rectify(picture, corners.astype(np.float32), width_px=TD3_SIZE[0], height_px=TD3_SIZE[1])


def blurred(blur_px: int) -> Bgr:
    return np.asarray(cv2.GaussianBlur(photographed(2, "usual"), (0, 0), blur_px), np.uint8)


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_a_drawn_zone_full_of_look_alikes_is_read_whole(name: Format) -> None:
    lines = seal(LAYOUTS[name], DRAWN[name])
    zone = zone_of(drawn(lines))
    assert (zone.format, zone.lines, zone.check_digits_ok) == (name, lines, True)


@pytest.mark.parametrize(("seed", "hardness"), [(2, "usual"), (4, "hard")])
def test_the_zone_of_a_photographed_passport_is_read_whole(seed: int, hardness: Hardness) -> None:
    zone = zone_of(photographed(seed, hardness))
    assert zone.lines == machine_zone(HOLDER_A if seed % 2 else HOLDER_B)
    assert zone.check_digits_ok


def test_a_zone_with_a_wrong_digit_is_told_as_printed_and_marked() -> None:
    lines = list(seal(LAYOUTS["TD3"], DRAWN["TD3"]))
    lines[1] = lines[1].replace("800930", "810930")
    zone = zone_of(drawn(lines))
    assert zone.lines == tuple(lines)
    assert {"date_of_birth", "composite"} == set(zone.wrong_check_digits)


def test_a_zone_below_a_frame_and_over_a_slope_is_still_found() -> None:
    lines = seal(LAYOUTS["TD3"], DRAWN["TD3"])
    page = drawn(lines)
    cv2.rectangle(page, (40, 30), (1560, 1090), (20, 20, 20), 3)
    turn = cv2.getRotationMatrix2D((800, 560), 1.2, 0.9)
    turned = cv2.warpAffine(page, turn, TD3_SIZE, borderValue=(90, 90, 90))
    assert zone_of(np.asarray(turned, np.uint8)).lines == lines


def test_a_page_without_a_zone_has_none_and_none_is_invented() -> None:
    page = np.asarray(cv2.cvtColor(licence(HOLDER_A, seed=3), cv2.COLOR_RGB2BGR), np.uint8)
    noise = np.random.default_rng(1).integers(0, 255, (1126, 1600, 3)).astype(np.uint8)
    assert (read(page), read(noise), read(np.full_like(noise, 200))) == (None, None, None)


@pytest.mark.parametrize("blur_px", [3, 5])
def test_a_blurred_zone_is_never_read_falsely_where_a_digit_guards_it(blur_px: int) -> None:
    zone = read(blurred(blur_px))
    assert zone is None or not zone.check_digits_ok or zone.lines[1] == machine_zone(HOLDER_B)[1]


@pytest.mark.parametrize("blur_px", [8, 12])
def test_a_zone_too_blurred_to_read_is_no_zone(blur_px: int) -> None:
    assert read(blurred(blur_px)) is None


@pytest.mark.real_data
def test_specimens_in_circulation_are_never_read_falsely() -> None:
    manifest = REAL_DATA / "mrz.csv"
    if not manifest.is_file():
        pytest.skip(f"no real data at {REAL_DATA}: set VOUCH_REAL_DATA")
    with manifest.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            picture = cv2.imread(str(REAL_DATA / row["image"]))
            assert picture is not None
            zone = read(np.asarray(picture, np.uint8))
            assert zone is None or not zone.check_digits_ok or "|".join(zone.lines) == row["mrz"]
