"""Draws what a person is asked to do before the camera, and judges whether a clip can hold it.

Kinds, moments and margins are those of the public contract (API.md, Submitting).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from protocol.schemas.verification_v1_pb2 import Action

__all__ = [
    "KINDS",
    "LASTS",
    "MOST_PER_APPLICANT_AND_DAY",
    "MOST_PER_CASE",
    "RECORD_MS",
    "draw_actions",
    "shortest_clip_ms",
]

KINDS: tuple[str, ...] = ("turn_left", "turn_right", "close_eyes")
RECORD_MS = 5000
LASTS = timedelta(seconds=90)
MOST_PER_CASE = 3
MOST_PER_APPLICANT_AND_DAY = 10

_FIRST_MS = (600, 2100)
_APART_MS = 1200
_LATEST_MS = 3300
_AFTER_LAST_MS = 1700


def draw_actions(randbelow: Callable[[int], int]) -> tuple[Action, Action]:
    """Draw two different actions in random order, each at a moment drawn uniformly.

    Args:
        randbelow: gives a whole number from 0 to n - 1, each as likely; `secrets.randbelow` in the product.
    """
    first = randbelow(len(KINDS))
    second = (first + 1 + randbelow(len(KINDS) - 1)) % len(KINDS)
    first_ms = _between(*_FIRST_MS, randbelow)
    second_ms = _between(first_ms + _APART_MS, _LATEST_MS, randbelow)
    return Action(do=KINDS[first], at_ms=first_ms), Action(do=KINDS[second], at_ms=second_ms)


def shortest_clip_ms(moments_ms: Sequence[int]) -> int:
    """Tell how long a clip must last to show the last action: 1.7 s after its moment."""
    return max(moments_ms) + _AFTER_LAST_MS


def _between(low: int, high: int, randbelow: Callable[[int], int]) -> int:
    return low + randbelow(high - low + 1)
