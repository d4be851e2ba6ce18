"""Which part of a feed a case is in, and how parts are split and merged without a loss or a repeat."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from vouch_feed.frames import Record
from vouch_feed.position import Position

__all__ = ["Merged", "partition", "slot", "split"]


def slot(case: str) -> int:
    """Give a case's slot, 0 to 255: the first byte of SHA-256 of its id's text."""
    return hashlib.sha256(case.encode()).digest()[0]


def partition(case: str, n: int) -> int:
    """Tell which of n parts a case is in."""
    return slot(case) % n


def split(i: int, n: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Give the two parts that part i of n splits into; each goes on with its checkpoint."""
    return (i, 2 * n), (i + n, 2 * n)


class Merged:
    """Goes on with several parts as one that is a union of them: what a part had passed is passed over.

    Begin after the smallest of the checkpoints (`start`) and ask for each record whether it was passed.
    """

    def __init__(self, checkpoints: Mapping[tuple[int, int], Position]) -> None:
        """Take each part's own checkpoint, by (i, n).

        Raises:
            ValueError: there is none, or they are of several epochs.
        """
        if len({place.epoch for place in checkpoints.values()}) != 1:
            raise ValueError("parts are merged that have checkpoints of one epoch")
        self._checkpoints = dict(checkpoints)

    @property
    def start(self) -> Position:
        """The checkpoint to begin after."""
        return min(self._checkpoints.values(), key=lambda place: place.number)

    def passed(self, record: Record) -> bool:
        """Tell whether the part that a record was in had passed it already."""
        own = slot(record.case)
        return any(own % n == i and record.number <= at.number for (i, n), at in self._checkpoints.items())
