"""The times of a stream: heartbeats, checks of the credential, the planned cut."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

__all__ = ["Pace", "Timer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The times of a stream, in seconds, and where chance and the clock come from.

    `random_01` gives a number from 0 to 1; a stream is cut at 90 to 100 % of `max_age_s`. Its credential is
    looked at every `recheck_s`; an ack waits to be stored no longer than `save_s`.
    """

    clock: Callable[[], datetime]
    random_01: Callable[[], float]
    heartbeat_s: float = 15
    max_age_s: float = 3600
    recheck_s: float = 5
    save_s: float = 1
    hello_s: float = 5


class Timer:
    """The moments of one stream, by the event loop's clock."""

    def __init__(self, pace: Pace, wait_s: float | None) -> None:
        self._pace = pace
        self._wait_s = wait_s
        self._loop = asyncio.get_running_loop()
        now_s = self._loop.time()
        self._spoke_s = self._sent_s = now_s
        self._cut_s = now_s + pace.max_age_s * (0.9 + 0.1 * pace.random_01())

    def spoke(self, *, record: bool) -> None:
        """Note that frames went out; a record starts the waiting time anew."""
        self._spoke_s = self._loop.time()
        if record:
            self._sent_s = self._spoke_s

    @property
    def waited(self) -> bool:
        """There was nothing to send for as long as the reader wanted to wait."""
        return self._wait_s is not None and self._loop.time() >= self._sent_s + self._wait_s

    @property
    def heartbeat_due(self) -> bool:
        """The reader has heard nothing for the time of a heartbeat."""
        return self._loop.time() >= self._spoke_s + self._pace.heartbeat_s

    @property
    def too_old(self) -> bool:
        """The planned cut has come."""
        return self._loop.time() >= self._cut_s

    @property
    def due_s(self) -> float:
        """The next moment at which something is due."""
        due_s = min(self._spoke_s + self._pace.heartbeat_s, self._cut_s)
        return due_s if self._wait_s is None else min(due_s, self._sent_s + self._wait_s)
