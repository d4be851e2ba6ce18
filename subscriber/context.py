"""What a handler may do: read and write its own rows, say something, be reminded."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from google.protobuf.message import Message

from protocol.envelope import Event
from protocol.ids import caused_id, from_us
from subscriber.ledger import DueTimer, Ledger
from subscriber.store import Row, Value

__all__ = ["Cause", "Context", "Emission", "Emitter", "Timer"]


@dataclass(frozen=True, slots=True)
class Timer:
    """A reminder that has come due: `at` is the moment it was set for, not when it fired."""

    name: str
    key: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Emission:
    """An event that a handler says; said again after a crash, it has the same id."""

    id: UUID
    message: Message
    subject: str
    client: str
    applicant: str
    causation: str
    correlation: str


class Emitter(Protocol):
    """Where emissions go: straight into the journal, or by way of an outbox."""

    def emit(self, emissions: Sequence[Emission], *, now: datetime) -> None:
        """Take emissions, inside the handler's transaction."""

    def carry(self, bell: threading.Event) -> bool:
        """Take home what waits, between transactions and without blocking; true when something moved.

        What goes on in the background rings the bell when this should be called again.
        """


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a handler runs: an event, or a timer that an event set.

    `moment` is the event's sequenced time, or the moment the timer was set for.
    """

    id: UUID
    name: str
    correlation: str
    moment: datetime
    event: Event | None = None

    @classmethod
    def of_event(cls, event: Event, subscriber: str) -> Cause:
        """The cause that an event is."""
        e = event.envelope
        return cls(e.id, subscriber, e.correlation or str(e.id), e.sequenced_at, event)

    @classmethod
    def of_timer(cls, timer: DueTimer, subscriber: str) -> Cause:
        """The cause that a timer is: the event that set it, told apart by name, key and moment."""
        name = f"{subscriber}/{timer.name}/{timer.key}/{timer.at_us}"
        return cls(UUID(bytes=timer.cause), name, timer.correlation, from_us(timer.at_us))


class Context:
    """A handler's hand on the world, for one event or timer.

    `event` is None for a timer. `moment` is when the cause happened (an event's sequenced time, a timer's due
    time): reckon from it whatever a late start must decide alike. `now` is the clock.
    """

    __slots__ = ("_cause", "_ledger", "event", "moment", "now", "said")

    def __init__(self, cause: Cause, ledger: Ledger, now: datetime) -> None:
        self._cause = cause
        self._ledger = ledger
        self.event = cause.event
        self.moment = cause.moment
        self.now = now
        self.said: list[Emission] = []

    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run one statement on the subscriber's own rows, `?` for each parameter; gives its rows."""
        return self._ledger.store.execute(sql, params)

    def emit(self, message: Message, *, subject: str, client: str, applicant: str = "") -> None:
        """Say an event; it is written in the transaction that ends this handler."""
        self.said.append(
            Emission(
                id=caused_id(self._cause.id, self._cause.name, len(self.said)),
                message=message,
                subject=subject,
                client=client,
                applicant=applicant,
                causation=str(self._cause.id),
                correlation=self._cause.correlation,
            )
        )

    def remind(self, at: datetime, name: str, key: str) -> None:
        """Have `on_timer` called at a moment, once in effect; the same name and key again: moved."""
        self._ledger.set_timer(at, name, key, cause=self._cause.id, correlation=self._cause.correlation)

    def forget(self, name: str, key: str) -> None:
        """Take a reminder back; one that is not there is no error."""
        self._ledger.drop_timer(name, key)
