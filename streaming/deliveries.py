"""The delivery log of a process: who reads, how far they are, what gaps they were told.

Connections note what they do in memory, at the cost of an attribute. One thread writes what has changed, at
most once a second and all of it together; a database that is away gets the latest of it when it is back.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from functools import cache
from typing import Final

from access.principals import Principal
from protocol.ids import new_uuid7, to_us
from streaming.delivery import Clock, Delivery, fit
from streaming.delivery_rows import DeliveryRow
from streaming.delivery_writer import Writer
from streaming.process import this_process

__all__ = ["Deliveries", "Delivery", "deliveries"]

_EVERY_S: Final = 1.0


class Deliveries:
    """The log of one process, for all its event loops; `start` and `finish` frame the process's life."""

    def __init__(self, *, clock: Clock = lambda: datetime.now(UTC), every_s: float = _EVERY_S) -> None:
        self._clock = clock
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
        now = self._clock()
        opened = DeliveryRow(
            id=str(new_uuid7(now)),
            client=principal.client,
            live=principal.live,
            key_id=principal.key_id,
            form=fit(form, 16),
            part=fit(part, 36),
            subscription=fit(subscription, 100),
            first=first,
            opened_at_us=to_us(now),
            process=this_process(),
            sent=0,
            acked=0,
            closed_at_us=0,
            reason="",
            last_seen_us=to_us(now),
        )
        delivery = Delivery(opened, self._clock)
        self._writer.arrived.append(delivery)
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
