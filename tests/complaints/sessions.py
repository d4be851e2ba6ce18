"""Somebody else at the database: a transaction in a thread of its own, moved on step by step."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Self, TypeVar

from django.db import connections, transaction

from events.journal import Draft, record
from tests.events.makers import NOW

__all__ = ["Session"]

T = TypeVar("T")
_STEP_S = 10.0


class Session:
    """A transaction that begins with the block, and ends by `commit`, or is rolled back."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self.call(lambda: self._open.enter_context(transaction.atomic()))
        return self

    def __exit__(self, *_: object) -> None:
        self.rollback()
        self._thread.submit(connections.close_all)
        self._thread.shutdown()

    def start(self, do: Callable[[], T]) -> Future[T]:
        """Take a step that may have to wait for others."""
        return self._thread.submit(do)

    def call(self, do: Callable[[], T]) -> T:
        """Take a step, and wait until it is done."""
        return self.start(do).result(_STEP_S)

    def say(self, *drafts: Draft) -> None:
        """Record events in the transaction."""
        self.call(lambda: record(drafts, now=NOW))

    def commit(self) -> None:
        """End the transaction."""
        self.call(self._open.close)

    def rollback(self) -> None:
        """Take everything back; after a commit there is nothing to take back."""
        self.call(self._take_back)

    def _take_back(self) -> None:
        if transaction.get_connection().in_atomic_block:
            transaction.set_rollback(True)
        self._open.close()
