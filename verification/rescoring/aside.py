"""What a vision process is asked for in a re-scoring: the step's own work, whatever it keeps kept aside."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from verification.pipeline.pixels import kept_aside

__all__ = ["Aside", "look_aside", "warm_up_calmly"]


@dataclass(frozen=True, slots=True)
class Aside:
    """A step's work, what it is given, and the folder that takes what it would keep."""

    work: Callable[..., object]
    given: object
    folder: str


def look_aside(asked: Aside) -> object:
    """Do a step's work; nothing is written where evidence lies."""
    with kept_aside(asked.folder):
        return asked.work(asked.given)


def warm_up_calmly(nice: int, warm_up: Callable[[], None]) -> None:
    """Warm up a vision process that gives way to others by so much."""
    os.nice(nice)
    warm_up()
