"""What services say: checked against the catalogue, then written like any other event."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Final, TypeVar
from uuid import UUID

from django.db import OperationalError
from google.protobuf.message import DecodeError

from events.coordinator import require_coordinator
from events.door.problems import Problem
from events.door.services import may_append
from events.errors import CoordinatorAway, Erased, TooLarge, TooManyEvents, WrongDraft
from events.journal import Draft, record
from protocol import trace
from protocol.catalogue import STREAMS, UnknownType, message_class, stream_of
from protocol.ids import from_us
from protocol.schemas.journal_v1_pb2 import AppendRequest, AppendResponse, Record
from subscriber.errors import NotNow

__all__ = ["append", "coordinator"]

M = TypeVar("M")
_INVALID: Final = HTTPStatus.BAD_REQUEST


def append(service: str, body: bytes, *, now: datetime) -> bytes:
    """Write what a service says, all or nothing; a record that is there already keeps its place.

    Args:
        service: who speaks.
        body: an `AppendRequest`.
        now: the moment, aware.

    Returns:
        An `AppendResponse`.

    Raises:
        Problem: nothing was written; 503: send the same again later.
    """
    drafts = [_draft(service, said) for said in _parsed(AppendRequest.FromString, body).records]
    try:
        events = record(drafts, now=now)
    except (TooLarge, TooManyEvents) as error:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", str(error)) from error
    except WrongDraft as error:
        raise Problem(_INVALID, "invalid", str(error)) from error
    except Erased as error:
        raise Problem(HTTPStatus.GONE, "erased", str(error)) from error
    except CoordinatorAway as error:
        raise _away(error) from error
    except (NotNow, OperationalError) as error:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "the journal cannot write now; send the same again"
        ) from error
    return AppendResponse(positions=[event.envelope.position for event in events]).SerializeToString()


def coordinator() -> bytes:
    """Answer with nothing while coordinated events are taken: a service asks before it commits what it says.

    Raises:
        Problem: 503, they are not.
    """
    try:
        require_coordinator(STREAMS)
    except CoordinatorAway as error:
        raise _away(error) from error
    return b""


def _away(error: CoordinatorAway) -> Problem:
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", str(error))


def _draft(service: str, said: Record) -> Draft:
    """Read one record; its source is who brings it, whatever it says."""
    try:
        may_append(service, stream_of(said.type))
        kind = message_class(said.type)
    except UnknownType as error:
        raise Problem(_INVALID, "invalid", str(error)) from error
    if len(said.id) != 16 or not said.subject or not said.client:
        raise Problem(_INVALID, "invalid", f"a {said.type} needs an id of 16 bytes, a subject and a client")
    return Draft(
        message=_parsed(kind.FromString, said.payload),
        subject=said.subject,
        client=said.client,
        applicant=said.applicant,
        source=service,
        causation=said.causation,
        correlation=said.correlation,
        traceparent=trace.parse(said.traceparent),
        occurred_at=_moment(said.occurred_at_us),
        id=UUID(bytes=said.id),
    )


def _moment(us: int) -> datetime | None:
    try:
        return from_us(us) if us else None
    except OverflowError as error:
        raise Problem(_INVALID, "invalid", f"{us} us after 1970 is no moment") from error


def _parsed(parse: Callable[[bytes], M], data: bytes) -> M:
    try:
        return parse(data)
    except DecodeError as error:
        raise Problem(_INVALID, "invalid", "the bytes are no such message") from error
