"""What an author writes: which events are followed, and what is done with each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from google.protobuf.message import Message

from protocol.catalogue import stream_of, type_name
from protocol.envelope import Event
from protocol.records import Recorded
from subscriber.context import Context, Timer
from subscriber.store import Store

__all__ = ["Handler", "Mode", "Recording", "Subscriber"]


class Mode(StrEnum):
    """What a handler touches, and so when it may be called again."""

    PROJECT = "project"
    REACT = "react"


@dataclass(frozen=True, slots=True)
class Handler:
    """What is done with events of some messages.

    `gather(event, ctx)` reads only the subscriber's own rows and gives what the work needs; None: there is
    no work to be done, and `apply(event, None, ctx)` follows at once. The one thing it writes is that an
    `Effect` is asked for: this commits before the work begins. `work(given)` sees no database, is a module's
    function, runs in the pool beside others and may run twice. `apply(event, value, ctx)` is short: it runs
    in the order of the key, in the transaction that moves the checkpoint. Without `gather` the work is given
    the event; without `work` the value is what was gathered. At most `at_once` of its works are under way,
    None: as many as come; the others wait before `gather`, so that a crash leaves no more effects in doubt.

    Mode `PROJECT` changes the subscriber's own rows and emits; `REACT` also touches the outside world.
    """

    types: tuple[type[Message], ...]
    apply: Callable[[Event, object, Context], None]
    gather: Callable[[Event, Context], object | None] | None = None
    work: Callable[[object], object] | None = None
    mode: Mode = Mode.PROJECT
    at_once: int | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """What is done by a subscriber that leaves nothing out: it keeps a log of all that comes.

    `append(records, store)` gets every event of the streams as it travels, also of types that this build does
    not know, in the journal's one order, in the transaction that moves the checkpoint. So it is read through
    the journal door, never from Kafka. What it raises ends the process: nothing is parked or passed over.

    A journal that was put back from a back-up is gone on with after the last position that both histories
    have; the records' epoch says so. What was appended stays, and is never made anew.
    """

    append: Callable[[Sequence[Recorded], Store], None]


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One follower of the journal, by a name that never changes: its checkpoint lies under it.

    `streams` are the catalogue's. Reacting handlers get only events sequenced at or after `react_since`.
    With a `recording` it has no handlers and no timers. `close` lets go of what its handlers hold, once
    nobody follows any more.

    Raises:
        ValueError: a message is not on the streams, two handlers want one, or a recording is not alone.
    """

    name: str
    streams: tuple[str, ...]
    handlers: tuple[Handler, ...]
    on_timer: Callable[[Timer, Context], None] | None = None
    react_since: datetime | None = None
    recording: Recording | None = None
    close: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        if self.recording is not None and (self.handlers or self.on_timer is not None):
            raise ValueError(f"{self.name} records all that comes: what handlers do is another subscriber's")
        seen: set[str] = set()
        for type_ in (type_name(message) for handler in self.handlers for message in handler.types):
            if stream_of(type_).name not in self.streams:
                raise ValueError(f"{self.name} handles {type_} but does not follow {stream_of(type_).name}")
            if type_ in seen:
                raise ValueError(f"{self.name} has two handlers for {type_}: order between them is nobody's")
            seen.add(type_)

    def by_type(self) -> dict[str, Handler]:
        """Find the handler of each event type."""
        return {type_name(message): handler for handler in self.handlers for message in handler.types}
