"""The head that specimens turn: its place before the camera, its surface, its lids."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.specimens.heads import Pose, Stage, Surface, find_eyes, place, set_stage, shut
from tests.specimens.portraits import portrait

SIZE = (640, 360)


@cache
def stage() -> Stage:
    return set_stage(portrait("obama3"), ied_px=60.0, size=SIZE)


def luma() -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(stage().image, cv2.COLOR_RGB2GRAY), np.uint8)


def test_a_staged_portrait_has_level_eyes_at_the_asked_distance() -> None:
    left, right = stage().points[:2].mean(axis=0), stage().points[2:4].mean(axis=0)
    assert stage().image.shape == (360, 640, 3)
    assert abs(left[1] - right[1]) < 1.0
    assert stage().ied_px == pytest.approx(60.0, abs=0.5)


def test_a_picture_without_a_face_is_refused() -> None:
    with pytest.raises(ValueError, match="no face"):
        set_stage(np.full((300, 300, 3), 128, np.uint8), ied_px=60.0, size=SIZE)


@pytest.mark.parametrize("surface", ["head", "flat"])
def test_a_surface_at_rest_shows_every_pixel_where_it_is(surface: Surface) -> None:
    (x, y), _ = place(stage(), Pose(), surface)
    rows, columns = np.mgrid[100:200, 250:400]
    assert np.abs(x[100:200, 250:400] - columns).max() < 0.6
    assert np.abs(y[100:200, 250:400] - rows).max() < 0.6


def test_turning_left_shows_the_nose_further_right_in_the_image() -> None:
    nose = stage().points[4].round().astype(int)
    (x, _), _ = place(stage(), Pose(yaw=np.radians(25)), "head")
    shown_at = int(np.argmin(np.abs(x[nose[1]] - nose[0])))
    assert shown_at - nose[0] > 0.4 * stage().ied_px


@settings(max_examples=30)
@given(st.floats(-30, 30), st.floats(-8, 8))
def test_the_surface_never_folds_within_thirty_degrees(yaw_degrees: float, pitch_degrees: float) -> None:
    pose = Pose(yaw=float(np.radians(yaw_degrees)), pitch=float(np.radians(pitch_degrees)))
    (x, _), _ = place(stage(), pose, "head")
    assert np.diff(x, axis=1).min() > -0.05


def test_an_open_lid_leaves_the_picture_as_it_was() -> None:
    plane = luma()
    for eye in find_eyes(plane, stage().points):
        shut(plane, eye, 0.0)
    assert np.array_equal(plane, luma())


def test_a_shut_lid_hides_the_dark_of_the_iris() -> None:
    plane, before = luma(), luma()
    eye = find_eyes(plane, stage().points)[0]
    shut(plane, eye, 1.0)
    x, y = round(eye.centre[0]), round(eye.centre[1])
    iris = np.s_[y - 4 : y + 3, x - 4 : x + 5]
    assert plane[iris].mean() > before[iris].mean() + 5
