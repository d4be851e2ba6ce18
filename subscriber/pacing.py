"""How fast history is read: no faster than told, so that whoever works beside it keeps the machine."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["Pace"]


class Pace:
    """Holds a reader down to a rate; `per_s` 0: as fast as it can.

    Time not used is not saved up: after a pause the rate is the rate, and nothing is caught up in a burst.
    """

    def __init__(
        self,
        per_s: float = 0,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._cost_s = 1 / per_s if per_s > 0 else 0.0
        self._clock = clock
        self._sleep = sleep
        self._free_at_s = 0.0

    def passed(self, events: int) -> None:
        """Note that so many events were read, and rest until more may be."""
        if not self._cost_s or not events:
            return
        now_s = self._clock()
        self._free_at_s = max(self._free_at_s, now_s) + events * self._cost_s
        self._sleep(self._free_at_s - now_s)
