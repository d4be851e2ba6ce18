"""One connection's part of the delivery log, as it stands in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple

from protocol.ids import to_us
from streaming.deliveries.rows import DeliveryRow, GapRow, fit

__all__ = ["Clock", "Delivery", "State"]

Clock = Callable[[], datetime]
_MOST_GAPS: Final = 100


class State(NamedTuple):
    """What changes of a connection; `closed_at_us` 0: it is open."""

    closed_at_us: int
    sent: int
    acked: int


class Delivery:
    """What a connection notes of itself. No call waits or asks a database; all come from one thread."""

    __slots__ = (
        "_acked",
        "_clock",
        "_closed_at_us",
        "_gaps",
        "_lock",
        "_opened",
        "_reason",
        "_sent",
        "_told",
    )

    def __init__(self, opened: DeliveryRow, clock: Clock) -> None:
        self._opened = opened
        self._clock = clock
        self._sent = self._acked = self._closed_at_us = self._told = 0
        self._reason = ""
        self._gaps: list[GapRow] = []
        self._lock = threading.Lock()

    @property
    def id(self) -> str:
        """The delivery's id, as clients see it in the log."""
        return self._opened.id

    def sent(self, number: int) -> None:
        """Note the last number that was sent, or passed over in the reader's sight."""
        self._sent = number

    def acked(self, number: int) -> None:
        """Note the last number that the reader has acked."""
        self._acked = number

    def gap(self, *, from_: int, to: int, oldest: int, reason: str) -> None:
        """Note that the reader was told of a gap, from number `from_` to `to`."""
        gap = GapRow(
            delivery=self.id,
            nth=self._told + 1,
            from_number=from_,
            to_number=to,
            oldest=oldest,
            reason=fit(reason, 32),
            at_us=to_us(self._clock()),
        )
        with self._lock:
            if len(self._gaps) < _MOST_GAPS:
                self._gaps.append(gap)
                self._told += 1
            else:
                # The database has been away for long: the last one that waits grows.
                before = self._gaps[-1]
                self._gaps[-1] = replace(gap, nth=before.nth, from_number=before.from_number)

    def close(self, reason: str) -> None:
        """Note that the connection has ended, and why; what is noted later counts no more."""
        if not self._closed_at_us:
            self._reason = fit(reason, 32)
            # Last: whoever sees it sees the reason too.
            self._closed_at_us = to_us(self._clock())

    def state(self) -> State:
        """Give what changes of it, as it is now; for the thread that writes."""
        # The end first: of a connection that has ended, the rest stands still.
        closed_at_us = self._closed_at_us
        return State(closed_at_us, self._sent, self._acked)

    def row(self, state: State, now_us: int) -> DeliveryRow:
        """Give the row of a state; for the thread that writes."""
        return replace(
            self._opened,
            sent=state.sent,
            acked=state.acked,
            closed_at_us=state.closed_at_us,
            reason=self._reason if state.closed_at_us else "",
            last_seen_us=state.closed_at_us or now_us,
        )

    def gaps(self) -> tuple[GapRow, ...]:
        """Give the gaps that wait to be written; for the thread that writes."""
        if not self._gaps:
            return ()
        with self._lock:
            return tuple(self._gaps)

    def forget_gaps(self, written: Sequence[GapRow]) -> None:
        """Keep only the gaps that have come, or grown, since; for the thread that writes."""
        with self._lock:
            self._gaps = [gap for gap in self._gaps if gap not in written]
