"""The training of the zone's reader: seeded, and able to tell characters from gaps."""

from __future__ import annotations

import numpy as np

from training.mrz import accuracy, sample_lines, train
from verification.vision.mrz_net import CHARACTERS, CLASS_COUNT, cell_net


def test_the_same_seed_draws_the_same_cells_and_another_seed_others() -> None:
    one, same, other = sample_lines(2, seed=5), sample_lines(2, seed=5), sample_lines(2, seed=6)
    assert np.array_equal(one.cells, same.cells)
    assert not np.array_equal(one.cells, other.cells)
    assert one.cells.shape == (80, 24, 16)


def test_a_small_training_already_tells_characters_from_gaps() -> None:
    net = train(sample_lines(40, seed=1), seed=1)
    characters, between = accuracy(net, sample_lines(6, seed=2))
    assert characters > 0.3
    assert between > 0.6


def test_the_committed_weights_name_characters_they_never_saw() -> None:
    characters, between = accuracy(cell_net(), sample_lines(40, seed=99))
    assert characters > 0.96
    assert between > 0.98


def test_probabilities_of_a_cell_sum_to_one() -> None:
    scores = cell_net().log_probabilities(sample_lines(1, seed=3).cells)
    assert scores.shape == (40, CLASS_COUNT)
    assert len(CHARACTERS) == CLASS_COUNT - 1
    assert np.allclose(np.exp(scores).sum(axis=1), 1, atol=1e-4)
