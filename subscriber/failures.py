"""What is kept of a failure, and when failures are so many that it is not the events."""

from __future__ import annotations

import traceback
from collections import deque
from typing import Final

from subscriber.errors import BreakerOpen

__all__ = ["Breaker", "where"]

# In a row, and of the last 500 (DESIGN §4; arroyo's DlqLimit is the model).
_IN_A_ROW: Final = 20
_WINDOW: Final = 500
_OF_WINDOW: Final = 50


class Breaker:
    """Counts how events end; `streak` failures in a row are remembered over a restart."""

    def __init__(self, subscriber: str, streak: int = 0) -> None:
        self._name = subscriber
        self.streak = streak
        self._last: deque[bool] = deque(maxlen=_WINDOW)

    def succeeded(self, count: int) -> None:
        """Count events that were handled."""
        if count:
            self.streak = 0
            self._last.extend([False] * min(count, _WINDOW))

    def failing(self) -> None:
        """Count one more dead letter, before it is buried.

        Raises:
            BreakerOpen: it would be one too many; it is not to be buried.
        """
        recent = sum(self._last) + 1
        if self.streak + 1 >= _IN_A_ROW or recent >= _OF_WINDOW:
            raise BreakerOpen(
                f"{self._name} stopped: {self.streak + 1} failures in a row, {recent} of the last {_WINDOW}; "
                "see subscriber_dead_letter, mend the handler, start again"
            )
        self.streak += 1
        self._last.append(True)


def where(error: BaseException) -> str:
    """Say where an error arose: types, files, lines and functions, and no value, which may be personal."""
    lines = []
    at: BaseException | None = error
    while at is not None:
        frames = traceback.extract_tb(at.__traceback__)
        lines.append(type(at).__name__)
        lines.extend(f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)
        at = at.__cause__
    return "\n".join(lines)
