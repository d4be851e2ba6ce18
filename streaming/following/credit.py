"""How many records a reader still wants: without credit it is a parked cursor, and nothing is held for it."""

from __future__ import annotations

from typing import Final

from protocol.problems import Refused
from streaming.reading.waking import Wakeup

__all__ = ["AT_FIRST", "Credit"]

AT_FIRST: Final = 1_000
_MOST: Final = 1_000_000


class Credit:
    """What is left; None at first: as many as come, the reader's own pace of reading holds them back.

    `wakeup` is the stream's, once there is one: more credit ends its sleep.
    """

    def __init__(self, left: int | None = None) -> None:
        self._left = left
        self.wakeup: Wakeup | None = None

    @property
    def spent(self) -> bool:
        """The reader wants nothing more for now."""
        return self._left == 0

    def add(self, n: int) -> None:
        """Take in that the reader wants so many more.

        Raises:
            Refused: `invalid`: it would have asked for more than anybody can mean.
        """
        if self._left is None or self._left + n > _MOST:
            raise Refused("invalid", f"there can be credit for up to {_MOST} records", field="n")
        self._left += n
        if self.wakeup is not None:
            self.wakeup.ring()

    def spend(self) -> None:
        """Note that one record was sent."""
        if self._left is not None:
            self._left -= 1
