"""Writes the deliveries of a process: what has changed, together, and the latest of it after an outage."""

from __future__ import annotations

import contextlib
import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import structlog
from django.db import DatabaseError, Error, connections, router

from access.principals import Principal
from protocol.ids import new_uuid7, to_us
from streaming.deliveries.delivery import Clock, Delivery, State
from streaming.deliveries.process import this_process
from streaming.deliveries.rows import DeliveryRow, GapRow, close_lost, drop_old, fit, write
from streaming.models import LoggedDelivery

__all__ = ["Writer"]

# An open connection's row says this often that it is alive; a minute without is taken for an end.
_SEEN_EVERY_S: Final = 15.0
# So many that only moved are written at once: of thousands that do, those that were written longest ago.
_MOVED_AT_ONCE: Final = 100
_LOST_EVERY_S: Final = 60.0
_DROP_EVERY_S: Final = 3_600.0
# How many connections that have ended may wait for a database that is away, some 700 bytes each.
_MOST_ENDED: Final = 20_000
_UNWRITTEN: Final = State(-1, -1, -1)
_NEVER_S: Final = -math.inf

_log = structlog.get_logger("vouch.deliveries")


class _Noted(NamedTuple):
    """What is written of a connection, and since when."""

    state: State
    at_s: float


class Writer:
    """What the log's thread does, step by step; any thread may call `open`."""

    def __init__(
        self,
        clock: Clock,
        *,
        monotonic_s: Callable[[], float] = time.monotonic,
        most_ended: int = _MOST_ENDED,
    ) -> None:
        self._arrived: deque[Delivery] = deque()
        self._clock = clock
        self._monotonic_s = monotonic_s
        self._most_ended = most_ended
        # In the order of writing: what was written longest ago stands first.
        self._written: dict[Delivery, _Noted] = {}
        self._lost_due_s = self._drop_due_s = monotonic_s()
        self._away = False

    @property
    def kept(self) -> int:
        """How many connections are held in memory: the open ones, and those that wait to be written."""
        return len(self._arrived) + len(self._written)

    def open(
        self, principal: Principal, *, form: str, part: str, first: int, subscription: str = ""
    ) -> Delivery:
        """Take in a connection that begins; see `Deliveries.open`."""
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
        )
        delivery = Delivery(opened, self._clock)
        self._arrived.append(delivery)
        return delivery

    def step(self) -> None:
        """Write what has changed, and now and then look after the rows of others; never raises."""
        while self._arrived:
            self._written[self._arrived.popleft()] = _Noted(_UNWRITTEN, _NEVER_S)
        try:
            self._write()
            self._look_after()
        except Exception as error:  # noqa: BLE001 - the thread's outermost loop: the reason is kept, it goes on
            self._went_away(error)
        else:
            if self._away:
                _log.info("deliveries_back")
            self._away = False

    def disconnect(self) -> None:
        """Close the thread's connection; the next step opens another."""
        # One that the server has ended may refuse even that.
        with contextlib.suppress(Error):
            connections[router.db_for_write(LoggedDelivery)].close()

    def _write(self) -> None:
        now_us, states = to_us(self._clock()), self._due()
        gaps = {delivery: waiting for delivery in self._written if (waiting := delivery.gaps())}
        if states or gaps:
            rows = [delivery.row(state, now_us) for delivery, state in states.items()]
            write(rows, [gap for waiting in gaps.values() for gap in waiting])
        self._note(states, gaps)

    def _due(self) -> dict[Delivery, State]:
        """Choose whose rows to write: who begins or ends, and of the others some that have waited longest."""
        seen_s = self._monotonic_s() - _SEEN_EVERY_S
        most = max(_MOVED_AT_ONCE, math.ceil(len(self._written) / _SEEN_EVERY_S))
        due: dict[Delivery, State] = {}
        for delivery, noted in self._written.items():
            state = delivery.state()
            if noted.state is _UNWRITTEN or state.closed_at_us:
                due[delivery] = state
            elif most and (state != noted.state or noted.at_s <= seen_s):
                due[delivery] = state
                most -= 1
        return due

    def _note(self, states: Mapping[Delivery, State], gaps: Mapping[Delivery, tuple[GapRow, ...]]) -> None:
        """Remember what was written; of what has ended, nothing."""
        for delivery, waiting in gaps.items():
            delivery.forget_gaps(waiting)
        now_s = self._monotonic_s()
        for delivery, state in states.items():
            del self._written[delivery]
            if not state.closed_at_us:
                self._written[delivery] = _Noted(state, now_s)

    def _look_after(self) -> None:
        now, now_s = self._clock(), self._monotonic_s()
        if now_s >= self._lost_due_s:
            if lost := close_lost(now=now):
                _log.info("deliveries_lost", count=lost)
            self._lost_due_s = now_s + _LOST_EVERY_S
        if now_s >= self._drop_due_s:
            drop_old(now=now)
            self._drop_due_s = now_s + _DROP_EVERY_S

    def _went_away(self, error: Exception) -> None:
        if not self._away:
            _log.warning("deliveries_away", error=repr(error), exc_info=not isinstance(error, DatabaseError))
        self._away = True
        # Others may take ours for lost meanwhile: the next writes say of each that it is not.
        self._written = {delivery: _Noted(noted.state, _NEVER_S) for delivery, noted in self._written.items()}
        self.disconnect()
        self._drop_ended()

    def _drop_ended(self) -> None:
        """Let go of the connections that ended first when too many wait."""
        ended = [delivery for delivery in self._written if delivery.state().closed_at_us]
        if too_many := ended[: max(0, len(ended) - self._most_ended)]:
            _log.warning("deliveries_dropped", count=len(too_many))
        for delivery in too_many:
            del self._written[delivery]
