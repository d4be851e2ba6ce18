"""What a handler may do: read and write its own rows, say something, be reminded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from google.protobuf.message import Message

from protocol import trace
from protocol.envelope import Event
from protocol.ids import caused_id, from_us
from subscriber.ledger import DueTimer, Ledger
from subscriber.store import Row, Value

__all__ = ["Cause", "Context", "Emission", "Emitter", "EventCause", "Kept", "Timer", "TimerCause"]

# By its name, what a transaction has yet to write, and what writes it.
Kept = dict[str, tuple[object, Callable[[], None]]]


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
    traceparent: str = ""


class Emitter(Protocol):
    """Where emissions go: straight into the journal, or by way of an outbox."""

    def emit(self, emissions: Sequence[Emission], *, now: datetime) -> None:
        """Take emissions, inside the handler's transaction."""

    def carry(self, bell: threading.Event) -> bool:
        """Take home what waits, between transactions and without blocking; true when something moved.

        What goes on in the background rings the bell when this should be called again.
        """


class EventCause(NamedTuple):
    """An event as the reason why a subscriber's handler runs.

    What few handlers ask for is made when it is asked for: a replay runs millions.
    """

    event: Event
    name: str

    @property
    def id(self) -> UUID:
        """The event's id."""
        return self.event.envelope.id

    @property
    def correlation(self) -> str:
        """What everything shares that one first cause led to."""
        return self.event.envelope.correlation or str(self.id)

    @property
    def moment(self) -> datetime:
        """When the event was sequenced."""
        return self.event.envelope.sequenced_at

    @property
    def traceparent(self) -> str:
        """The event's."""
        return self.event.envelope.traceparent


class TimerCause(NamedTuple):
    """A timer as the reason: the event that set it, told apart by name, key and moment.

    It has no event and no traceparent: nobody waits any more for what a caller once wished, and it speaks in
    its case's own trace.
    """

    timer: DueTimer
    subscriber: str
    event: None = None
    traceparent: str = ""

    @property
    def id(self) -> UUID:
        """The id of the event that set it."""
        return UUID(bytes=self.timer.cause)

    @property
    def name(self) -> str:
        """The subscriber, and which of its timers."""
        return f"{self.subscriber}/{self.timer.name}/{self.timer.key}/{self.timer.at_us}"

    @property
    def correlation(self) -> str:
        """What everything shares that one first cause led to."""
        return self.timer.correlation

    @property
    def moment(self) -> datetime:
        """The moment it was set for."""
        return from_us(self.timer.at_us)


Cause = EventCause | TimerCause


class Context:
    """A handler's hand on the world, for one event or timer.

    `event` is None for a timer. `now` is the clock. `replaying`: a rebuild, what is said goes nowhere.
    """

    __slots__ = ("_cause", "_kept", "_ledger", "event", "now", "replaying", "said")

    def __init__(
        self,
        cause: Cause,
        ledger: Ledger,
        now: datetime,
        *,
        replaying: bool = False,
        kept: Kept | None = None,
    ) -> None:
        self._cause = cause
        self._ledger = ledger
        self._kept = kept
        self.event = cause.event
        self.now = now
        self.replaying = replaying
        self.said: list[Emission] = []

    @property
    def moment(self) -> datetime:
        """When the cause happened: an event's sequenced time, a timer's due time.

        Reckon from it whatever a late start must decide alike.
        """
        return self._cause.moment

    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run one statement on the subscriber's own rows, `?` for each parameter; gives its rows."""
        return self._ledger.store.execute(sql, params)

    def keep(self, name: str, value: object, write: Callable[[], None]) -> None:
        """Have a value written when this transaction ends, unless another one is kept by that name till then.

        So events of a case that come together cost one write, and not one each. Until then `kept` gives it,
        and the rows do not; where no follower holds the transaction, as in a redrive, it is written at once.
        """
        if self._kept is None:
            write()
        else:
            self._kept[name] = value, write

    def kept(self, name: str) -> object | None:
        """Give what is kept by a name; None: nothing, ask the rows."""
        return None if self._kept is None else self._kept.get(name, (None,))[0]

    def emit(self, message: Message, *, subject: str, client: str, applicant: str = "") -> None:
        """Say an event; it is written in the transaction that ends this handler."""
        event_id = caused_id(self._cause.id, self._cause.name, len(self.said))
        self.said.append(
            Emission(
                id=event_id,
                message=message,
                subject=subject,
                client=client,
                applicant=applicant,
                causation=str(self._cause.id),
                correlation=self._cause.correlation,
                traceparent=trace.of_event(self._cause.traceparent, event_id=event_id, subject=subject),
            )
        )

    def remind(self, at: datetime, name: str, key: str) -> None:
        """Have `on_timer` called at a moment, once in effect; the same name and key again: moved."""
        self._ledger.set_timer(at, name, key, cause=self._cause.id, correlation=self._cause.correlation)

    def forget(self, name: str, key: str) -> None:
        """Take a reminder back; one that is not there is no error."""
        self._ledger.drop_timer(name, key)
