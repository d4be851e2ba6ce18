"""A place on a feed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

__all__ = ["Position"]

_CURSOR: Final = re.compile(r"([0-9a-f]{8})-([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Position:
    """The last record that was passed: its number, and the epoch in which numbers mean what they do."""

    epoch: str
    number: int

    @classmethod
    def parse(cls, cursor: str) -> Self:
        """Read a cursor, such as 0badcafe-75.

        Raises:
            ValueError: it is none.
        """
        found = _CURSOR.fullmatch(cursor.strip())
        if found is None:
            raise ValueError(f"a cursor is written like 0badcafe-75, not {cursor.strip()!r}")
        return cls(found[1], int(found[2]))

    @property
    def cursor(self) -> str:
        """It as text: what a client stores, and comes back with."""
        return f"{self.epoch}-{self.number}"

    def __str__(self) -> str:
        return self.cursor
