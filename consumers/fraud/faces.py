"""Which faces are near a face: every one is looked at while they are few, a graph of neighbours beyond.

The graph is HNSW (Malkov and Yashunin 2018, https://arxiv.org/abs/1603.09320) as usearch has it, over half
precision; what it finds is measured again on the vectors themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from usearch.index import Index

__all__ = ["DIMENSIONS", "FaceIndex", "Near", "Vector", "vector_of"]

Vector = NDArray[np.float32]
"""(128,) numbers; Euclidean distance tells people apart."""

DIMENSIONS: Final = 128
# So many are looked at in a few milliseconds.
_EXACT_UP_TO: Final = 20_000
# Neighbours of each in the graph, and how many are looked at when one is added or searched for
# (benchmarks/fraud: recall and time).
_CONNECTIVITY, _LOOK_AT_ADDING, _LOOK_AT_SEARCH = 24, 96, 960
_FIRST_ROOM: Final = 256
# A key that no face has.
_NOBODY: Final = 2**63


class Near(NamedTuple):
    """A face that is near: its key, and its Euclidean distance."""

    key: int
    distance: float


def vector_of(value: bytes) -> Vector:
    """Read a vector from its bytes, float32."""
    return np.frombuffer(value, np.float32)


class FaceIndex:
    """Vectors by keys; with more of them than `exact_up_to` a search goes by the graph."""

    def __init__(self, *, exact_up_to: int = _EXACT_UP_TO) -> None:
        self._exact_up_to = exact_up_to
        self._rows: Vector = np.zeros((_FIRST_ROOM, DIMENSIONS), np.float32)
        self._keys: list[int] = []
        self._place: dict[int, int] = {}
        self._graph: Index | None = None

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: int, vector: Vector) -> None:
        """Add a vector; under a key that is there already, in place of the other."""
        if key in self._place:
            self.remove(key)
        place = len(self._keys)
        if place == len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        self._rows[place] = vector
        self._keys.append(key)
        self._place[key] = place
        if self._graph is not None:
            self._graph.add(key, vector)

    def remove(self, key: int) -> None:
        """Take a vector out, and overwrite it; nothing happens when there is none."""
        place = self._place.pop(key, None)
        if place is None:
            return
        last_key = self._keys.pop()
        last = len(self._keys)
        if last_key != key:
            self._rows[place], self._keys[place], self._place[last_key] = self._rows[last], last_key, place
        self._rows[last] = 0
        if self._graph is not None:
            self._graph.remove(key)
            # A removed vector stays until its place is taken: it is taken at once.
            self._graph.add(_NOBODY, np.zeros(DIMENSIONS, np.float32))
            self._graph.remove(_NOBODY)

    def near(self, vector: Vector, *, within: float, most: int) -> list[Near]:
        """Give at most so many vectors within a distance, the nearest first."""
        keys = self._keys_near(vector, most)
        found = [Near(key, self._distance(key, vector)) for key in keys]
        return sorted((near for near in found if near.distance <= within), key=lambda n: (n.distance, n.key))[
            :most
        ]

    def _keys_near(self, vector: Vector, most: int) -> Iterator[int]:
        if self._graph is None and len(self) > self._exact_up_to:
            # At the first search, not before: of all at once it is made by all cores.
            self._graph = self._made()
        if self._graph is not None:
            return (int(key) for key in self._graph.search(vector, most).keys)
        rows = self._rows[: len(self)]
        # Less the searched vector's own square, which changes no order.
        squared = np.einsum("ij,ij->i", rows, rows) - 2 * (rows @ vector)
        return (self._keys[place] for place in np.argsort(squared, kind="stable")[:most])

    def _distance(self, key: int, vector: Vector) -> float:
        return float(np.linalg.norm(self._rows[self._place[key]] - vector))

    def _made(self) -> Index:
        graph = Index(
            ndim=DIMENSIONS,
            metric="l2sq",
            dtype="f16",
            connectivity=_CONNECTIVITY,
            expansion_add=_LOOK_AT_ADDING,
            expansion_search=_LOOK_AT_SEARCH,
        )
        graph.add(np.array(self._keys, np.uint64), self._rows[: len(self)])
        return graph
