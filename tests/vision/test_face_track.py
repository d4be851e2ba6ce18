"""A face followed through a clip: where it is, how far it turns, and what is kept of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from tests.specimens.portraits import portrait
from tests.vision.recorded import clip, room, track
from verification.vision.face_track import follow, follow_photo
from verification.vision.faces import distance_l2, embed, find_faces
from verification.vision.follower import ied_px, yaw_proxy

POINTS = arrays(np.float64, (5, 2), elements=st.floats(0, 1_000))
FACE = np.array([[90, 40], [70, 40], [10, 40], [30, 40], [50, 70]], np.float64)


@given(st.floats(0.2, 5), st.floats(-500, 500), st.floats(-500, 500))
def test_the_yaw_proxy_does_not_depend_on_place_or_size(scale: float, dx: float, dy: float) -> None:
    assert yaw_proxy(FACE * scale + (dx, dy)) == pytest.approx(yaw_proxy(FACE), abs=1e-5)


@given(st.floats(-1.5, 1.5))
def test_the_yaw_proxy_does_not_depend_on_the_heads_tilt(angle: float) -> None:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert yaw_proxy((FACE + (9, 0) * (np.arange(5)[:, None] == 4)) @ turn.T) == pytest.approx(
        9 / 60, abs=1e-5
    )


@given(POINTS)
def test_the_eyes_distance_is_never_negative(points: NDArray[np.float64]) -> None:
    assert ied_px(points) >= 0


def test_a_genuine_clip_is_followed_from_end_to_end() -> None:
    seen = track("genuine")
    assert seen.seen.mean() > 0.98
    assert len(seen.frame_ms) == 150
    assert set(seen.crowd) == {1}


def test_a_turn_to_the_left_raises_the_yaw_proxy() -> None:
    yaw = yaw_proxy(track("only turned").points)
    assert np.nanmax(yaw) - np.nanmedian(yaw) > 0.10 > np.nanmedian(yaw) - np.nanmin(yaw)


def test_what_is_kept_has_the_shapes_that_are_promised() -> None:
    seen = track("genuine")
    n, m = len(seen.frame_ms), len(seen.t_ms)
    assert seen.thumbs.shape == (n, 36, 64)
    assert seen.points.shape == (m, 5, 2)
    assert seen.eyes.shape == (m, 2, 22, 36)
    assert [patch.shape for patch in seen.patches] == [(256, 256)] * 5


def test_eyes_are_not_cut_when_they_are_not_asked() -> None:
    assert len(follow(clip("short"), with_eyes=False).eyes) == 0


def test_views_for_comparison_show_the_same_person() -> None:
    views = track("genuine").views
    other = portrait("obama")
    known = embed(other, find_faces(other, min_width_px=200)[0])
    distance = distance_l2(embed(views[0].rgb, views[0].face), known)
    assert 1 <= len(views) <= 3
    assert distance < 0.45


def test_views_are_taken_before_or_after_a_turn() -> None:
    usual = np.nanmedian(yaw_proxy(track("genuine").points))
    assert all(abs(yaw_proxy(view.face.points) - usual) < 0.05 for view in track("genuine").views)


def test_nobody_is_followed_through_an_empty_room() -> None:
    assert not room().seen.any()
    assert room().views == ()
    assert set(room().crowd) == {0}


def test_a_second_person_is_counted() -> None:
    assert max(track("beside").crowd) == 2


def test_a_photo_is_a_track_of_one_frame() -> None:
    seen = follow_photo(portrait("obama3"))
    assert seen.seen.tolist() == [True]
    assert len(seen.views) == len(seen.patches) == 1
