"""What is on its way to the brokers, in the feed's order; they confirm in an order of their own."""

from __future__ import annotations

import threading
from collections import deque

from vouch_feed import Position

__all__ = ["Flight"]


class Flight:
    """Knows up to where everything is confirmed; used by the thread that publishes and the one that notes."""

    def __init__(self) -> None:
        self._waiting: deque[Position] = deque()
        self._confirmed: set[Position] = set()
        self._lock = threading.Lock()
        self._safe: Position | None = None

    def leave(self, position: Position) -> None:
        """Take in that a record is with the producer; its confirmation may have come a moment before."""
        with self._lock:
            self._waiting.append(position)
            self._settle()

    def confirm(self, position: Position) -> None:
        """Take in that a record is safe on the brokers."""
        with self._lock:
            self._confirmed.add(position)
            self._settle()

    @property
    def safe(self) -> Position | None:
        """The last position of which it and all before it are confirmed; None: there is none yet."""
        with self._lock:
            return self._safe

    def _settle(self) -> None:
        while self._waiting and self._waiting[0] in self._confirmed:
            self._safe = self._waiting.popleft()
            self._confirmed.discard(self._safe)
