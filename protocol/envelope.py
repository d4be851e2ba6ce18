"""What is known of an event besides what it says: CloudEvents attributes, and its place in the journal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from google.protobuf.message import Message

from protocol.catalogue import message_class, stream_of, type_name
from protocol.ids import from_us, to_us
from protocol.schemas.journal_v1_pb2 import Record

__all__ = ["Envelope", "Event", "from_record", "stream_for", "to_record"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The attributes of one event; see `protocol/schemas/journal_v1.proto` for each one's meaning.

    Before the journal has taken it, `epoch` is empty and `position`, `unit`, `unit_last`, `keyseq` are 0.
    """

    id: UUID
    type: str
    source: str
    subject: str
    client: str
    applicant: str = ""
    occurred_at: datetime
    recorded_at: datetime
    sequenced_at: datetime
    epoch: str = ""
    position: int = 0
    unit: int = 0
    unit_last: int = 0
    stream: str
    partition_key: str
    keyseq: int = 0
    correlation: str = ""
    causation: str = ""
    minor: int = 0
    traceparent: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its envelope, and the message, whose personal fields are sealed."""

    envelope: Envelope
    message: Message


def to_record(event: Event) -> Record:
    """Write an event as the record that travels through the journal door."""
    e = event.envelope
    return Record(
        id=e.id.bytes,
        type=e.type,
        source=e.source,
        subject=e.subject,
        client=e.client,
        applicant=e.applicant,
        occurred_at_us=to_us(e.occurred_at),
        recorded_at_us=to_us(e.recorded_at),
        sequenced_at_us=to_us(e.sequenced_at),
        epoch=e.epoch,
        position=e.position,
        unit=e.unit,
        unit_last=e.unit_last,
        stream=e.stream,
        partition_key=e.partition_key,
        keyseq=e.keyseq,
        correlation=e.correlation,
        causation=e.causation,
        minor=e.minor,
        traceparent=e.traceparent,
        payload=event.message.SerializeToString(deterministic=True),
    )


def from_record(record: Record) -> Event:
    """Read an event from a record.

    Raises:
        UnknownType: this build knows no message of that type: skip it, and count it.
        google.protobuf.message.DecodeError: the payload is no such message: a dead letter.
    """
    message = message_class(record.type)()
    message.ParseFromString(record.payload)
    envelope = Envelope(
        id=UUID(bytes=record.id),
        type=record.type,
        source=record.source,
        subject=record.subject,
        client=record.client,
        applicant=record.applicant,
        occurred_at=from_us(record.occurred_at_us),
        recorded_at=from_us(record.recorded_at_us),
        sequenced_at=from_us(record.sequenced_at_us),
        epoch=record.epoch,
        position=record.position,
        unit=record.unit,
        unit_last=record.unit_last,
        stream=record.stream,
        partition_key=record.partition_key,
        keyseq=record.keyseq,
        correlation=record.correlation,
        causation=record.causation,
        minor=record.minor,
        traceparent=record.traceparent,
    )
    return Event(envelope, message)


def stream_for(message: Message) -> str:
    """Name the stream a message belongs on.

    Raises:
        UnknownType: no stream of the catalogue carries it.
    """
    return stream_of(type_name(message)).name
