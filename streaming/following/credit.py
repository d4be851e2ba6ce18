"""How many records a reader still wants: without credit it is a parked cursor, and nothing is held for it."""

from __future__ import annotations

import math
from typing import Final

from protocol.problems import Refused
from streaming.reading.waking import Wakeup

__all__ = ["AT_FIRST", "Credit"]

AT_FIRST: Final = 1_000
_MOST: Final = 1_000_000


class Credit:
    """What is `left`; infinite: as many as come, the reader's own pace of reading holds them back.

    `wakeup` is the stream's, once there is one: more credit ends its sleep.
    """

    def __init__(self, left: float = math.inf) -> None:
        self.left = left
        self.wakeup: Wakeup | None = None

    @property
    def spent(self) -> bool:
        """The reader wants nothing more for now."""
        return not self.left

    def add(self, n: int) -> None:
        """Take in that the reader wants so many more.

        Raises:
            Refused: `invalid`: it would have asked for more than anybody can mean.
        """
        if self.left + n > _MOST:
            raise Refused("invalid", f"there can be credit for up to {_MOST} records", field="n")
        self.left += n
        if self.wakeup is not None:
            self.wakeup.ring()

    def spend(self, n: int) -> None:
        """Note that so many records were sent."""
        self.left -= n
