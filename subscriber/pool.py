"""Who does a handler's work: processes that run beside the runner, or the runner itself."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

__all__ = ["InlinePool", "WorkPool"]


class WorkPool(Protocol):
    """Takes work and answers later, from any thread."""

    def submit(
        self, name: str, work: Callable[[object], object], given: object, affinity: str
    ) -> Future[object]:
        """Have `work(given)` done; `name` is the subscriber's; equal `affinity`, one process."""


class InlinePool:
    """Does the work at once in the caller's thread: for services whose work is short, and for tests."""

    def submit(
        self, name: str, work: Callable[[object], object], given: object, affinity: str
    ) -> Future[object]:
        """Do it now; what it raises is in the future."""
        del name, affinity
        done: Future[object] = Future()
        try:
            done.set_result(work(given))
        except Exception as error:  # noqa: BLE001 - a future carries whatever the work raised
            done.set_exception(error)
        return done
