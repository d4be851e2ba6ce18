"""A turned head against a turned sheet, on drawn tracks."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from verification.vision.sheet import sheet
from verification.vision.turns import Turn

T_MS = np.arange(0, 5_000, 1000 / 15)
TURN = Turn("left", onset_ms=1_000, peak_ms=1_500, peak=0.2)


def narrowing(share: float) -> NDArray[np.float64]:
    return np.asarray(100 * (1 - share * np.clip((T_MS - 1_000) / 500, 0, 1)))


def test_a_track_without_a_turn_gives_no_answer() -> None:
    assert sheet(T_MS, narrowing(0.0), []) is None


@pytest.mark.parametrize(("share", "ratio"), [(0.0, 0.0), (0.1, 0.5), (0.3, 1.5)])
def test_the_ratio_is_the_eyes_way_by_the_noses(share: float, ratio: float) -> None:
    assert sheet(T_MS, narrowing(share), [TURN]) == pytest.approx(ratio, rel=0.08, abs=0.02)


def test_the_most_suspect_turn_of_all_counts() -> None:
    early = Turn("right", onset_ms=200, peak_ms=600, peak=0.2)
    assert sheet(T_MS, narrowing(0.3), [early, TURN]) == sheet(T_MS, narrowing(0.3), [TURN])
