"""Frozen and looped clips, told by thumbnails alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from verification.vision.repeats import frozen_ms, loop_likeness

MS = np.arange(120) * 1000 / 30


def restless(*, count: int = 120) -> NDArray[np.uint8]:
    rng = np.random.default_rng(1)
    walk = np.cumsum(rng.normal(0, 1.5, (count, 1, 1)), axis=0)
    return np.asarray(np.clip(120 + walk + rng.normal(0, 6, (count, 36, 64)), 0, 255), np.uint8)


def test_a_filmed_person_is_never_still() -> None:
    assert frozen_ms(MS, restless()) == 0


@settings(max_examples=25)
@given(st.integers(1, 80))
def test_a_frozen_stretch_is_measured_in_its_full_length(frozen: int) -> None:
    thumbs = restless()
    thumbs[20 : 21 + frozen] = thumbs[20]
    assert frozen_ms(MS, thumbs) == pytest.approx(frozen * 1000 / 30, abs=1)


@settings(max_examples=25)
@given(st.integers(25, 55))
def test_a_loop_is_alike_at_its_own_length(length: int) -> None:
    thumbs = restless()[np.arange(120) % length]
    likeness = loop_likeness(MS, thumbs)
    assert likeness is not None
    assert likeness < 0.05


def test_a_restless_person_repeats_nothing() -> None:
    assert loop_likeness(MS, restless()) is None


def test_a_clip_too_short_to_loop_gives_no_answer() -> None:
    assert loop_likeness(MS[:10], restless(count=10)) is None


def test_a_single_frame_is_neither_frozen_nor_looped() -> None:
    assert frozen_ms(MS[:1], restless(count=1)) == 0
    assert loop_likeness(MS[:1], restless(count=1)) is None
