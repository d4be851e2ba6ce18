"""How a look at pixels is reported: a graded cue, with where it was seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Box", "Cue", "Status"]

Status = Literal["clear", "caution", "suspected", "rejected", "unavailable", "not_applicable"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the picture it was found in; x and y are its top left corner."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Cue:
    """One graded part of a check's breakdown.

    `score` is the cue's own measure (its unit is said where the cue is made), `box` where it was seen.
    `reasons` are codes of the public contract; a clear cue has none.
    """

    name: str
    status: Status
    reasons: tuple[str, ...] = ()
    score: float | None = None
    box: Box | None = None
