"""Cases of people who can be reached, with addresses sealed as the journal has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from google.protobuf.message import Message

from protocol.catalogue import stream_of, type_name
from protocol.envelope import Envelope, Event
from protocol.ids import to_us
from protocol.schemas import decisions_v1_pb2 as decisions
from protocol.schemas import verification_v1_pb2 as verification
from protocol.schemas.journal_v1_pb2 import Record
from protocol.sealing import Place, find, seal_value

__all__ = [
    "APPLICANT",
    "APPROVED",
    "CLIENT",
    "EMAIL",
    "KEY",
    "PHONE",
    "REFERRED",
    "START",
    "SUBMITTED",
    "event",
    "opened",
]

# Noon in London: nobody sleeps.
START = datetime(2026, 7, 1, 11, tzinfo=UTC)
CLIENT, APPLICANT, KEY = "cl_1", "applicant-1", bytes(range(64))
EMAIL, PHONE = "ada.lovelace@people.example", "+447700900123"
SUBMITTED = verification.CaseSubmitted(by="applicant")
APPROVED = decisions.DecisionReached(outcome="approve", state="final")
REFERRED = decisions.DecisionReached(outcome="refer", state="provisional")


def event(message: Message, *, case: str = "case-1", at_s: float = 0, id_: UUID | None = None) -> Event:
    """Say a message of a case, some seconds after the start."""
    type_, at_us = type_name(message), to_us(START + timedelta(seconds=at_s))
    record = Record(
        id=(id_ or _id(case, type_, at_s)).bytes,
        type=type_,
        source="verification",
        subject=case,
        client=CLIENT,
        applicant=APPLICANT,
        occurred_at_us=at_us,
        recorded_at_us=at_us,
        sequenced_at_us=at_us,
        stream=stream_of(type_).name,
        partition_key=case,
    )
    return Event(Envelope(record), message)


def opened(
    *,
    case: str = "case-1",
    email: str = EMAIL,
    phone: str = PHONE,
    locale: str = "en-GB",
    live: bool = True,
    at_s: float = 0,
) -> Event:
    """Open a case; its addresses are sealed with the key of these histories."""
    said = verification.CaseOpened(live=live, time_zone="Europe/London")
    said.claimed.locale = locale
    id_ = _id(case, type_name(said), at_s)
    for name, value in (("email", email), ("phone", phone)):
        if value:
            path = find(said, f"claimed.{name}").path
            setattr(said.claimed, name, seal_value(KEY, value.encode(), Place(id_, type_name(said), path)))
    return event(said, case=case, at_s=at_s, id_=id_)


def _id(case: str, type_: str, at_s: float) -> UUID:
    return uuid5(UUID(int=7), f"{case}/{type_}/{at_s}")
