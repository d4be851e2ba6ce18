"""The screen that specimens are shown on: a grid that a spectrum can see, and a lamp's reflection."""

from __future__ import annotations

import numpy as np
import pytest

from tests.specimens.screen import make_screen, refilm
from verification.vision.moire import moire

SIZE = (320, 288)
GREY = (
    np.full((288, 320), 120, np.uint8),
    np.full((144, 160), 128, np.uint8),
    np.full((144, 160), 128, np.uint8),
)


@pytest.mark.parametrize("seed", range(5))
def test_a_visible_grid_stands_out_of_the_spectrum(seed: int) -> None:
    y, _, _ = refilm(GREY, make_screen(np.random.default_rng(seed), SIZE), (0.0, 0.0))
    assert moire(np.ascontiguousarray(y[:256, :256])) > 2.3


def test_planes_keep_their_sizes_on_the_screen() -> None:
    shown = refilm(GREY, make_screen(np.random.default_rng(1), SIZE), (5.0, -5.0))
    assert [plane.shape for plane in shown] == [plane.shape for plane in GREY]


def test_a_glare_brightens_a_part_of_the_picture() -> None:
    screen = make_screen(np.random.default_rng(1), SIZE, contrast=0.0)
    y, _, _ = refilm(GREY, screen, (0.0, 0.0))
    assert int(y.max()) - int(np.median(y)) > 20


def test_a_hand_that_shakes_moves_the_grid() -> None:
    screen = make_screen(np.random.default_rng(1), SIZE)
    assert not np.array_equal(refilm(GREY, screen, (0.0, 0.0))[0], refilm(GREY, screen, (4.0, 0.0))[0])
