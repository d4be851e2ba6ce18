"""Which cases are looked at again, and everything that the journal has of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from events.history import Span, events, records
from events.journal import head
from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as v

__all__ = ["PastCase", "Window", "cases_of", "past_case"]

_RECEIVED = v.EvidenceReceived.DESCRIPTOR.full_name
_STREAMS = ("verification.case", "verification.partial", "verification.result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The cases whose evidence came after a position, up to and with `through`; `client` None: everybody's.

    Of a case only what had come by `through` is looked at.
    """

    after: int
    through: int
    client: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCase:
    """A case's events in the journal's order, and up to which position steps are run on them.

    What comes after it is there because steps may have answered later.
    """

    id: str
    client: str
    events: tuple[Event, ...]
    through: int


def cases_of(window: Window) -> list[str]:
    """List the cases of a window in the order in which their evidence came."""
    span = Span(after=window.after, through=window.through, streams=_STREAMS[:1])
    found = (
        record.subject
        for record in records(span)
        if record.type == _RECEIVED and window.client in {None, record.client}
    )
    return list(dict.fromkeys(found))


def past_case(case: str, window: Window) -> PastCase:
    """Read everything that the journal has of a case."""
    found = tuple(_events(case))
    return PastCase(id=case, client=found[0].envelope.client, events=found, through=window.through)


def _events(case: str) -> Iterator[Event]:
    return events(Span(through=head().position, streams=_STREAMS, subject=case))
