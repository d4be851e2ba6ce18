"""What a run's clients saw against what was committed: how late, and whether once, in order and whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

__all__ = ["Counts", "Moments", "Read", "Reader", "counted", "delays_ms"]


@dataclass(frozen=True, slots=True)
class Moments:
    """Rows of (place, number, nanoseconds since 1970): of commits by client, or of arrivals by reader."""

    rows: npt.NDArray[np.int64]

    @classmethod
    def of(cls, file: Path) -> Self:
        """Read them from a file."""
        return cls(np.fromfile(file, dtype="<i8").reshape(-1, 3))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What one client counted from `number` and `prev` of each record; `ended` empty: still open."""

    count: int
    first: int
    last: int
    gaps: int
    doubled: int
    ended: str


@dataclass(frozen=True, slots=True)
class Read:
    """What all clients of a run have read, since when."""

    readers: Sequence[Reader]
    arrivals: Moments
    began_ns: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Of the records `wanted`: lost, read twice; and holes seen, streams that broke off."""

    wanted: int = 0
    lost: int = 0
    doubled: int = 0
    gaps: int = 0
    ended: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


def counted(read: Read, wanted: int, *, shared: bool = False) -> Counts:
    """Count, where all clients together should have read `wanted` records; `shared`: parts of one feed."""
    arrived = {(0 if shared else reader, number) for reader, number, _ in read.arrivals.rows.tolist()}
    return Counts(
        wanted=wanted,
        lost=wanted - len(arrived),
        doubled=len(read.arrivals.rows) - len(arrived),
        gaps=sum(one.gaps for one in read.readers),
        ended=sum(bool(one.ended) for one in read.readers),
    )


def delays_ms(read: Read, commits: Moments, place_of: Callable[[int], int]) -> list[float]:
    """Give how long after its commit each record was read; `place_of` tells whose feed a reader reads."""
    committed = {(place, number): ns for place, number, ns in commits.rows.tolist()}
    return [
        (ns - committed[place_of(reader), number]) / 1e6
        for reader, number, ns in read.arrivals.rows.tolist()
        if (place_of(reader), number) in committed
    ]
