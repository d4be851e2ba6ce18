"""How long to wait before the next connection: with jitter, so that many clients do not come back as one."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

__all__ = ["Backoff"]

_FIRST_S: Final = 1.0
_BASE_S: Final = 0.5
_MOST_S: Final = 30.0
# Beyond this the cap holds anyway; 2 ** k of a client that is away for days must not grow without end.
_MOST_STEPS: Final = 10
_HEALTHY_S: Final = 60.0


class Backoff:
    """Counts failures in a row. `random_01` gives a number from 0 to 1."""

    def __init__(self, longest_wait_s: float, random_01: Callable[[], float] = random.random) -> None:
        self._longest_s = longest_wait_s
        self._random_01 = random_01
        self._failures = 0

    def wait_s(self, *, healthy_s: float, handed_on: bool, retry_after_s: float = 0.0) -> float:
        """Tell how long to wait now that a connection is over.

        Args:
            healthy_s: for how long it was good; 0: it never was.
            handed_on: it brought a record.
            retry_after_s: how long the server wants to be left alone.
        """
        if handed_on or healthy_s >= _HEALTHY_S:
            self._failures = 0
        most_s = _FIRST_S if self._failures == 0 else min(_MOST_S, _BASE_S * 2**self._failures)
        self._failures = min(self._failures + 1, _MOST_STEPS)
        return min(self._longest_s, retry_after_s + self._random_01() * most_s)
