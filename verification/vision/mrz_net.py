"""Which character a cell of a machine readable zone shows: a small trained network, numpy only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

__all__ = ["CELL_HEIGHT_PX", "CELL_WIDTH_PX", "CHARACTERS", "CLASS_COUNT", "CellNet", "cell_net"]

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"
CLASS_COUNT = len(CHARACTERS) + 1  # the last class: nothing, or a window between two characters
CELL_WIDTH_PX, CELL_HEIGHT_PX = 16, 24
_WEIGHTS = "mrz.npz"


@dataclass(frozen=True, slots=True)
class CellNet:
    """A perceptron of one hidden layer over cells of 24 x 16 ink values in 0..1.

    `hidden` (384, n) and `output` (n, 38) with their biases, float32.
    """

    hidden: NDArray[np.float32]
    hidden_bias: NDArray[np.float32]
    output: NDArray[np.float32]
    output_bias: NDArray[np.float32]

    def log_probabilities(self, cells: NDArray[np.float32]) -> NDArray[np.float32]:
        """Score (N, 24, 16) ink cells: (N, 38) natural logarithms, columns as in `CHARACTERS`."""
        flat = cells.reshape(len(cells), -1)
        scores = np.maximum(flat @ self.hidden + self.hidden_bias, 0) @ self.output + self.output_bias
        scores -= scores.max(axis=1, keepdims=True)
        return np.asarray(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)), np.float32)


@cache
def cell_net() -> CellNet:
    """Load the committed weights once a process (made by `python -m training.mrz`)."""
    source = resources.files("verification.vision") / "weights" / _WEIGHTS
    with source.open("rb") as stream, np.load(stream) as stored:
        parts = (np.asarray(stored[name], np.float32) for name in ("w1", "b1", "w2", "b2"))
        return CellNet(*parts)
