"""Stops asking what does not answer, and tries again with one question at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Breaker"]

_OPENS_AFTER = 5
# A case waits 15 s at most: the pause must be shorter, or one outage would cost every case its answer.
_PAUSE_S = 3.0


@dataclass(slots=True)
class Breaker:
    """Counts failures in a row; after five it lets one question through per pause, until one succeeds.

    `draw` gives numbers from 0 to 1 that stretch the pause to 0.5 to 1.5 times its length, so that many
    processes do not probe together. Times are seconds of any clock that never falls.
    """

    draw: Callable[[], float]
    failures: int = 0
    closed_until_s: float = 0.0

    @property
    def open(self) -> bool:
        """Too much has failed: questions are held back."""
        return self.failures >= _OPENS_AFTER

    def admits(self, now_s: float) -> bool:
        """Tell whether a question may go out now; one that may counts as the pause's probe."""
        if not self.open:
            return True
        if now_s < self.closed_until_s:
            return False
        self._pause(now_s)
        return True

    def succeeded(self) -> None:
        """Note an answer: questions go out again."""
        self.failures = 0

    def failed(self, now_s: float) -> None:
        """Note that no usable answer came."""
        self.failures += 1
        if self.open:
            self._pause(now_s)

    def _pause(self, now_s: float) -> None:
        self.closed_until_s = now_s + _PAUSE_S * (0.5 + self.draw())
