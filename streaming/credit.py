"""How many records a reader still wants: without credit it is a parked cursor, and nothing is held for it."""

from __future__ import annotations

import asyncio
from typing import Final

from protocol.problems import Refused

__all__ = ["AT_FIRST", "Credit"]

AT_FIRST: Final = 1_000
_MOST: Final = 1_000_000


class Credit:
    """What is left; None at first: as many as come, the reader's own pace of reading holds them back."""

    def __init__(self, left: int | None = None) -> None:
        self._left = left
        self._more = asyncio.Event()

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
        self._more.set()

    def spend(self) -> None:
        """Note that one record was sent."""
        if self._left is not None:
            self._left -= 1
            if self._left == 0:
                self._more.clear()

    async def wait(self, timeout_s: float) -> None:
        """Wait until there is some again, or the time is over."""
        try:
            await asyncio.wait_for(self._more.wait(), timeout_s)
        except TimeoutError:
            return
