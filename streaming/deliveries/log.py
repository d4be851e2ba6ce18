"""The delivery log of a process: who reads, how far they are, what gaps they were told.

Connections note what they do in memory, at the cost of an attribute. One thread writes what has changed, once
a second and together: who begins or ends at once, of those that only moved a hundred and more, so that with
thousands each has its turn within 15 seconds. A database that is away gets the latest of it when it is back.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from functools import cache
from typing import Final

from access.principals import Principal
from streaming.deliveries.delivery import Clock, Delivery
from streaming.deliveries.writer import Writer

__all__ = ["Deliveries", "Delivery", "deliveries"]

_EVERY_S: Final = 1.0


class Deliveries:
    """The log of one process, for all its event loops; `start` and `finish` frame the process's life."""

    def __init__(
        self,
        *,
        clock: Clock = lambda: datetime.now(UTC),
        every_s: float = _EVERY_S,
    ) -> None:
        self._writer = Writer(clock)
        self._every_s = every_s
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._stop = threading.Event()

    def open(
        self, principal: Principal, *, form: str, part: str, first: int, subscription: str = ""
    ) -> Delivery:
        """Note that a connection begins.

        Args:
            principal: who reads.
            form: ndjson, sse, websocket+json or websocket+proto.
            part: the partition as "i/n", or the id of the one case that is followed.
            first: the first number wanted.
            subscription: its name; empty: none.
        """
        delivery = self._writer.open(principal, form=form, part=part, first=first, subscription=subscription)
        if self._thread is None:
            self.start()
        return delivery

    def start(self) -> None:
        """Begin to write, and close what earlier processes left open; the first `open` does it otherwise."""
        with self._starting:
            if self._thread is None:
                self._stop = threading.Event()
                self._thread = threading.Thread(
                    target=self._run, args=[self._stop], name="deliveries", daemon=True
                )
                self._thread.start()

    def finish(self, timeout_s: float = 3.0) -> None:
        """Write the last of it and end; waits for the database no longer than so many seconds."""
        with self._starting:
            thread, self._thread = self._thread, None
            self._stop.set()
        if thread is not None:
            thread.join(timeout_s)

    def _run(self, stop: threading.Event) -> None:
        self._writer.step()
        while not stop.wait(self._every_s):
            self._writer.step()
        self._writer.step()
        self._writer.disconnect()


@cache
def deliveries() -> Deliveries:
    """Give this process's log."""
    return Deliveries()
