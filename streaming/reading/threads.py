"""The threads in which streams ask databases: the event loop goes on meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from django.db import DatabaseError, close_old_connections

__all__ = ["in_reader_thread"]

_P = ParamSpec("_P")
_T = TypeVar("_T")
# Few: a herd that catches up queues here and leaves the live readers their processor.
_THREADS: Final = ThreadPoolExecutor(2, thread_name_prefix="feed-read")


async def in_reader_thread(call: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Ask a database in one of the reader threads; the event loop goes on meanwhile."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, lambda: _ask(call, *args, **kwargs))


def _ask(call: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Ask, and do not keep a connection that broke: no request's end closes it for this thread."""
    try:
        return call(*args, **kwargs)
    except DatabaseError:
        close_old_connections()
        raise
