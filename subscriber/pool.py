"""Who does a handler's work: processes that run beside the runner, or the runner itself."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

__all__ = ["InlinePool", "ThreadPool", "WorkPool"]


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

    def close(self) -> None:
        """There is nothing to wait for."""


class ThreadPool:
    """Does work in threads of this process: for services whose work waits for others, as for an answer.

    Args:
        threads: how many calls may be under way at once.
    """

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="work")

    def submit(
        self, name: str, work: Callable[[object], object], given: object, affinity: str
    ) -> Future[object]:
        """See `WorkPool`."""
        del name, affinity
        return self._threads.submit(work, given)

    def close(self) -> None:
        """Wait for what is under way; what has not begun is not done."""
        self._threads.shutdown(cancel_futures=True)
