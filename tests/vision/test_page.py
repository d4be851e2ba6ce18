"""The page is found where the camera put it, on every kind of desk, and none where none lies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.specimens.camera import Background, Shot
from tests.vision.pictures import Kind, corners, empty, flat, picture
from verification.vision.page import ID1, Page, find_page, rectify
from verification.vision.quads import aspect_of, in_order

SQUARE = np.array([[0, 0], [300, 0], [300, 190], [0, 190]], np.float32)


def _error_px(page: Page | None, kind: Kind, seed: int) -> float:
    assert page is not None
    return float(np.linalg.norm(page.corners - corners(kind, seed), axis=1).max())


@pytest.mark.parametrize("background", ["dark", "light", "cluttered"])
def test_a_licence_is_found_within_four_of_four_thousand_pixels(background: Background) -> None:
    page = find_page(picture("licence", 5, Shot(background=background)))
    assert _error_px(page, "licence", 5) < 4


def test_a_passport_beside_a_pen_is_found_without_the_pen() -> None:
    page = find_page(picture("passport", 7, Shot(background="cluttered")))
    assert _error_px(page, "passport", 7) < 4


def test_an_empty_desk_has_no_page() -> None:
    assert find_page(empty("dark")) is None


def test_a_plain_picture_of_one_colour_has_no_page() -> None:
    assert find_page(np.full((600, 800, 3), 128, np.uint8)) is None


def test_a_page_on_its_short_side_is_called_sideways() -> None:
    page = find_page(picture("licence", 1, Shot(background="dark", turn_degrees=90)))
    assert page is not None
    assert page.sideways


def test_a_rectified_page_is_the_printed_page_again() -> None:
    page = rectify(picture("licence"), corners("licence"), width_px=ID1[0], height_px=ID1[1])
    away = np.abs(page.astype(int) - flat("licence")[..., ::-1].astype(int))
    assert float(np.median(away)) < 20
    assert page.shape == (1010, 1600, 3)


def test_turning_a_page_twice_gives_it_back() -> None:
    page = Page(SQUARE, 1.0, 1.58)
    assert np.array_equal(page.turned_180().corners[0], SQUARE[2])
    assert np.array_equal(page.turned_180().turned_180().corners, SQUARE)


@given(st.permutations(range(4)), st.floats(-20, 20))
def test_corners_are_ordered_whatever_order_they_come_in(order: list[int], degrees: float) -> None:
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
    turned = (SQUARE @ turn + 500).astype(np.float32)
    assert np.allclose(in_order(turned[order]), turned, atol=1e-3)


@given(st.floats(0.1, 50))
def test_an_aspect_does_not_change_with_the_scale(scale: float) -> None:
    assert aspect_of((SQUARE * scale).astype(np.float32)) == pytest.approx(300 / 190, rel=1e-3)
