"""The spectrum's peaks: none in noise, some in a grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from verification.vision.moire import moire, moire_of_patches


def noisy(seed: int = 1) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(120, 6, (256, 256))


def grid(pitch_px: float, depth: float) -> NDArray[np.float64]:
    rows, columns = np.mgrid[0:256, 0:256]
    across = columns * np.cos(0.06) + rows * np.sin(0.06)
    return np.asarray(depth * np.cos(2 * np.pi * across / pitch_px))


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_noise_stays_below_the_alarm(seed: int) -> None:
    assert moire(noisy(seed).clip(0, 255).astype(np.uint8)) < 2.0


# 4 and 8 / 3 pixels are of the codec's own frequencies.
@pytest.mark.parametrize("pitch_px", [8 / 3, 2.8, 3.3, 3.9, 3.97, 4.0, 4.03, 4.6])
def test_a_grid_in_noise_stands_above_the_alarm(pitch_px: float) -> None:
    picture = noisy() + grid(pitch_px, 12)
    assert moire(picture.clip(0, 255).astype(np.uint8)) > 2.3


@pytest.mark.parametrize("edges", [np.s_[:, ::8], np.s_[::8, :]])
def test_blocks_of_the_codec_are_not_a_grid(edges: tuple[slice, slice]) -> None:
    picture = noisy()
    picture[edges] += 12
    assert moire(picture.clip(0, 255).astype(np.uint8)) < 2.3


def test_blocks_that_differ_in_strength_are_not_a_grid() -> None:
    picture, strength = noisy(), np.random.default_rng(2).uniform(0, 12, (32, 32))
    picture[:, ::8] += np.repeat(strength, 8, axis=0)
    picture[::8, :] += np.repeat(strength, 8, axis=1)
    assert moire(picture.clip(0, 255).astype(np.uint8)) < 2.3


def test_brightness_does_not_change_the_measure() -> None:
    picture = (noisy() + grid(3.3, 8)).clip(30, 200).astype(np.uint8)
    assert moire(picture) == pytest.approx(moire(picture + np.uint8(30)), abs=0.05)


def test_one_odd_patch_of_five_does_not_decide() -> None:
    plain = [noisy(seed).clip(0, 255).astype(np.uint8) for seed in range(4)]
    odd = (noisy() + grid(3.3, 30)).clip(0, 255).astype(np.uint8)
    measured = moire_of_patches([*plain, odd])
    assert measured is not None
    assert measured < 2.0


def test_no_patch_gives_no_measure() -> None:
    assert moire_of_patches([]) is None
