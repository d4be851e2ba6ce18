"""How fast and how well a face is found among many: `python -m benchmarks.fraud [--faces 1000000] [--quick]`.

Faces are drawn: 32 numbers a person, spread over 128 by a fixed rotation, with noise; so that two people are
0.84 apart in the middle, and one pair of strangers in 10,000 less than 0.53. Sought is another picture of
somebody who is there, 0.1 to 0.45 away. Recall is against looking at all of them: of the faces within the
distance that the service looks at, and, for comparison, of the ten nearest of those.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.claims import Claim, percentile, say
from consumers.fraud.book import NEAR_FACE
from consumers.fraud.faces import DIMENSIONS, FaceIndex, Vector
from consumers.fraud.likeness import SAME_FACE

__all__ = ["main"]

_LATENT = 32
_SPREAD, _NOISE = 0.098, 0.02
_SOUGHT, _MOST, _TOP = 500, 64, 10


@dataclass(frozen=True, slots=True)
class Found:
    """One search: how long it took, and which share of what is near it gave."""

    ms: float
    within_01: float
    same_01: float
    top_01: float
    near: int


def main() -> None:
    """Build the index, search it, and print a claim for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=int, default=1_000_000, help="the most; its graph takes many minutes")
    parser.add_argument("--quick", action="store_true", help="20,000 and 50,000 faces")
    asked = parser.parse_args()
    for many in (20_000, 50_000) if asked.quick else (20_000, 200_000, asked.faces):
        print(f"{many:,} faces are drawn, and their graph is made", file=sys.stderr, flush=True)
        _measure(many)


def _measure(many: int) -> None:
    rng = np.random.default_rng(7)
    faces = _drawn(rng, many)
    index, began_s = FaceIndex(), time.perf_counter()
    for key, vector in enumerate(faces):
        index.add(key, vector)
    index.near(faces[0], within=NEAR_FACE, most=_MOST)
    built_s = time.perf_counter() - began_s
    found = list(_searches(rng, index, faces))
    took = [one.ms for one in found]
    say(
        Claim(
            claim=f"a face is found among {many:,}, p95",
            value=percentile(took, 0.95),
            unit="ms",
            target=20,
            met=percentile(took, 0.95) <= 20,
            n=len(took),
            low=min(took),
            high=max(took),
            against={
                "median ms": percentile(took, 0.5),
                "seconds to build": built_s,
                "peak memory of all of this, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            },
        )
    )
    recall = float(np.mean([one.within_01 for one in found]))
    say(
        Claim(
            claim=f"recall among {many:,} of all faces within {NEAR_FACE}, at most {_MOST}, against exact",
            value=recall,
            unit="share",
            target=0.99,
            met=recall >= 0.99,
            n=len(found),
            low=min(one.within_01 for one in found),
            high=1.0,
            against={
                f"of those within {SAME_FACE}": float(np.mean([one.same_01 for one in found])),
                f"of the {_TOP} nearest": float(np.mean([one.top_01 for one in found])),
                "faces within it, mean": float(np.mean([one.near for one in found])),
            },
        )
    )


def _drawn(rng: np.random.Generator, many: int) -> NDArray[np.float32]:
    people = rng.normal(scale=_SPREAD, size=(many, _LATENT)).astype(np.float32)
    rotation = np.linalg.qr(rng.normal(size=(DIMENSIONS, DIMENSIONS)))[0][:_LATENT].astype(np.float32)
    noise = rng.normal(scale=_NOISE, size=(many, DIMENSIONS)).astype(np.float32)
    return people @ rotation + noise


def _searches(rng: np.random.Generator, index: FaceIndex, faces: NDArray[np.float32]) -> Iterator[Found]:
    squares = np.einsum("ij,ij->i", faces, faces)
    for key in rng.integers(0, len(faces), _SOUGHT):
        away = rng.normal(size=DIMENSIONS)
        distance = rng.uniform(0.1, SAME_FACE)
        sought = (faces[key] + distance * away / np.linalg.norm(away)).astype(np.float32)
        began_s = time.perf_counter()
        near = index.near(sought, within=NEAR_FACE, most=_MOST)
        ms = (time.perf_counter() - began_s) * 1_000
        yield _compared(ms, {one.key for one in near}, sought, faces, squares)


def _compared(
    ms: float, keys: set[int], sought: Vector, faces: NDArray[np.float32], squares: NDArray[np.float32]
) -> Found:
    exact = np.sqrt(np.maximum(squares - 2 * (faces @ sought) + sought @ sought, 0))
    nearest = np.argpartition(exact, _MOST)[:_MOST]
    nearest = nearest[np.argsort(exact[nearest])]
    within = [int(key) for key in nearest if exact[key] <= NEAR_FACE]
    same = [key for key in within if exact[key] <= SAME_FACE]
    top = within[:_TOP]
    return Found(ms, _share(keys, within), _share(keys, same), _share(keys, top), len(within))


def _share(keys: set[int], wanted: list[int]) -> float:
    return len(keys & set(wanted)) / len(wanted) if wanted else 1.0


if __name__ == "__main__":
    main()
