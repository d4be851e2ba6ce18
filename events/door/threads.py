"""A thread of one's own for database work in a coroutine: one connection, used by nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import TypeVar

__all__ = ["OwnThread"]

T = TypeVar("T")


class OwnThread:
    """Runs calls one after another in one thread; `last` is called there at the end."""

    def __init__(self, last: Callable[[], None]) -> None:
        self._last = last
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="door")

    async def call(self, do: Callable[[], T]) -> T:
        """Run a function in the thread and wait for what it gives."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, do)

    async def __aenter__(self) -> OwnThread:
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._thread.submit(self._last)
        self._thread.shutdown(wait=False)
