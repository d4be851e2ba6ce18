"""Shut eyes beside the person's own usual look."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vision.recorded import track, truth
from verification.vision.eyes import EYE_SHAPE, closed_01, cut_eyes, eye_contrast, features, shut_01


def test_shut_eyes_are_told_from_open_ones() -> None:
    score, down = shut_01(track("genuine").eyes), truth("genuine")
    assert (score[down > 0.9] >= 0.5).mean() > 0.9
    assert (score[down < 0.1] >= 0.5).mean() < 0.03


def test_one_shut_eye_does_not_count_as_both() -> None:
    assert (shut_01(track("one eye").eyes) >= 0.5).mean() < 0.03


def test_a_turned_head_does_not_shut_its_eyes() -> None:
    assert (shut_01(track("only turned").eyes)[truth("only turned") < 0.1] >= 0.5).mean() < 0.05


def test_there_are_thirty_features_without_holes() -> None:
    measured = features(track("genuine").eyes[:, 0])
    assert measured.shape == (len(track("genuine").t_ms), 30)
    assert np.isfinite(measured).all()


@settings(max_examples=20)
@given(st.integers(0, 255))
def test_featureless_crops_give_finite_scores(level: int) -> None:
    score = closed_01(np.full((12, *EYE_SHAPE), level, np.uint8))
    assert np.isfinite(score).all()


def test_both_crops_look_alike_on_a_mirrored_picture() -> None:
    luma = np.random.default_rng(1).integers(0, 255, (100, 201)).astype(np.uint8)
    luma = np.maximum(luma, luma[:, ::-1])
    points = np.array([[160, 50], [120, 50], [40, 50], [80, 50], [100, 80]], np.float32)
    right, left = cut_eyes(luma, points)
    assert np.abs(right.astype(int) - left.astype(int)).max() <= 1


def test_real_eyes_have_contrast_and_a_plain_wall_has_none() -> None:
    assert eye_contrast(track("genuine").eyes) > 0.10
    assert eye_contrast(np.full((9, 2, *EYE_SHAPE), 90, np.uint8)) == pytest.approx(0)
