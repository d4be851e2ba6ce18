"""The maker of clips: repeatable, its own per seed, and spoilt only where it is told to be."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tests.specimens.clips import Action, Look, empty_room, lids, render
from tests.specimens.portraits import portrait
from verification.vision.clip import facts, frames

SHORT = Look(seconds=0.4, size=(320, 180))
ASKED = (Action("close_eyes", 600), Action("turn_left", 2_400))


def test_the_same_arguments_give_the_same_clip() -> None:
    first, second = (render(portrait("obama3"), actions=(), seed=5, look=SHORT) for _ in range(2))
    assert first == second


def test_another_seed_gives_another_clip_of_the_same_length() -> None:
    first, second = (render(portrait("obama3"), actions=(), seed=seed, look=SHORT) for seed in (5, 6))
    assert first != second
    assert facts(first) == facts(second)


def test_a_clip_has_the_size_and_the_frames_that_were_asked_for() -> None:
    made = facts(render(portrait("obama3"), actions=(), seed=1, look=SHORT))
    assert (made.width_px, made.height_px, made.frames) == (320, 180, 12)


def test_a_clip_of_one_frame_can_be_made() -> None:
    one = Look(seconds=0.02, size=(320, 180))
    assert facts(render(portrait("obama3"), actions=(), seed=1, look=one)).frames == 1


def test_a_webm_clip_can_be_made_and_read() -> None:
    webm = Look(seconds=0.2, size=(320, 180), webm=True)
    data = render(portrait("obama3"), actions=(), seed=1, look=webm)
    assert data.startswith(b"\x1a\x45\xdf\xa3")
    assert facts(data).frames == 6


@pytest.mark.parametrize("seed", range(20))
def test_lids_close_after_the_moment_and_within_the_reaction_time(seed: int) -> None:
    down = lids(actions=ASKED, seed=seed, look=Look(blinks=0))
    onset_ms = np.flatnonzero(down > 0.01)[0] * 1000 / 30
    assert 600 + 200 - 40 <= onset_ms <= 600 + 900 + 80


@pytest.mark.parametrize("seed", range(20))
def test_asked_lids_stay_down_for_four_to_seven_tenths_of_a_second(seed: int) -> None:
    down = lids(actions=ASKED, seed=seed, look=Look(blinks=0))
    assert 0.36 <= (down > 0.95).sum() / 30 <= 0.84


def test_lids_stay_open_when_nothing_is_asked() -> None:
    assert lids(actions=(), seed=3, look=Look(blinks=0)).max() == 0


def test_a_frozen_clip_repeats_one_picture_from_its_moment_on() -> None:
    look = Look(seconds=1.0, size=(320, 180), frozen_from_ms=500)
    data = render(portrait("obama3"), actions=(), seed=2, look=look)
    lumas = [frame.y.astype(int) for frame in frames(data)]
    steps = [np.abs(a - b).mean() for a, b in pairwise(lumas)]
    assert np.median(steps[18:]) < 0.3 < min(steps[:14])


def test_an_empty_room_changes_by_noise_only() -> None:
    lumas = [frame.y.astype(int) for frame in frames(empty_room(seed=1, seconds=0.2, size=(320, 180)))]
    assert len(lumas) == 6
    assert np.abs(lumas[0] - lumas[-1]).mean() < 5
