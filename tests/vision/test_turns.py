"""Events in a track: turns by the nose's way, closures by the eyes' score."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from verification.vision.turns import closures, smooth, turns

T_MS = np.asarray(np.arange(0, 5_000, 1000 / 15), np.float64)


def bump(onset_ms: float, peak: float) -> NDArray[np.float64]:
    rise_ms, hold_ms = 400, 300
    up = np.clip((T_MS - onset_ms) / rise_ms, 0, 1)
    down = np.clip((T_MS - onset_ms - rise_ms - hold_ms) / rise_ms, 0, 1)
    return np.asarray(peak * (np.cos(np.pi * down) - np.cos(np.pi * up)) / 2)


def closed_for(shut_ms: float) -> NDArray[np.float64]:
    since_ms = T_MS - 1_000
    return np.where((since_ms >= 0) & (since_ms < shut_ms), 1.0, 0.0)


def test_a_head_at_rest_has_not_turned() -> None:
    assert turns(T_MS, np.full(len(T_MS), 0.1), least=0.08) == ()


def test_a_turn_is_measured_from_the_persons_own_rest() -> None:
    (turn,) = turns(T_MS, 0.10 + bump(1_500, 0.18), least=0.08)
    assert turn.side == "left"
    assert turn.peak == pytest.approx(0.18, abs=0.02)


@given(st.floats(500, 3_500), st.floats(0.12, 0.3))
def test_an_onset_is_found_within_an_eighth_of_a_second(onset_ms: float, peak: float) -> None:
    (turn,) = turns(T_MS, bump(onset_ms, peak), least=0.08)
    assert turn.onset_ms == pytest.approx(onset_ms, abs=125)


@given(st.floats(500, 3_500), st.floats(0.12, 0.3))
def test_a_mirrored_track_turns_to_the_other_side_at_the_same_time(onset_ms: float, peak: float) -> None:
    (left,) = turns(T_MS, bump(onset_ms, peak), least=0.08)
    (right,) = turns(T_MS, -bump(onset_ms, peak), least=0.08)
    assert (left.side, right.side) == ("left", "right")
    assert left.onset_ms == pytest.approx(right.onset_ms)


def test_two_turns_come_in_order_of_time() -> None:
    found = turns(T_MS, bump(700, -0.2) + bump(2_600, 0.2), least=0.08)
    assert [turn.side for turn in found] == ["right", "left"]


def test_one_wild_frame_is_no_turn() -> None:
    yaw = np.zeros(len(T_MS))
    yaw[30] = 0.5
    assert turns(T_MS, yaw, least=0.08) == ()


def test_a_turn_already_under_way_begins_with_the_clip() -> None:
    (turn,) = turns(T_MS, np.where(T_MS < 1_000, 0.2, 0.0), least=0.08)
    assert turn.onset_ms == 0


@pytest.mark.parametrize(("shut_ms", "found"), [(0, 0), (450, 1), (2_600, 0)])
def test_only_a_closure_of_plausible_length_counts(shut_ms: float, found: int) -> None:
    score = 0.9 * closed_for(shut_ms)
    assert len(closures(T_MS, score)) == found


@given(st.floats(300, 1_500))
def test_a_closures_length_is_near_the_truth(shut_ms: float) -> None:
    score = closed_for(shut_ms)
    (closure,) = closures(T_MS, score)
    assert closure.length_ms == pytest.approx(shut_ms, abs=110)
    assert closure.onset_ms == pytest.approx(1_000, abs=110)


@given(st.lists(st.floats(-1, 1), min_size=10, max_size=60))
def test_smoothing_never_leaves_the_range_of_the_values(values: list[float]) -> None:
    _, even = smooth(np.linspace(0, 66 * len(values), len(values)), np.array(values))
    assert min(values) - 1e-9 <= even.min()
    assert even.max() <= max(values) + 1e-9
