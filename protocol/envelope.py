"""What is known of an event besides what it says: CloudEvents attributes, and its place in the journal."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from google.protobuf.message import Message

from protocol.catalogue import parse, stream_of, type_name
from protocol.ids import from_us
from protocol.records import Recorded, as_record
from protocol.schemas.journal_v1_pb2 import Record

__all__ = ["Envelope", "Event", "from_record", "stream_for", "to_record"]

_NAMES: Final = tuple(field.name for field in Record.DESCRIPTOR.fields if field.name != "payload")


class Envelope:
    """The attributes of one event; see `protocol/schemas/journal_v1.proto` for each one's meaning.

    It is a reading of a record, which is not to be changed afterwards: a replay reads millions and looks at
    two or three attributes of each, so moments and ids are made when they are asked for. Before the journal
    has taken the event, `epoch` is empty and `position`, `unit`, `unit_last`, `keyseq` are 0.
    """

    __slots__ = ("_record",)

    def __init__(self, record: Recorded) -> None:
        self._record = record

    @property
    def record(self) -> Recorded:
        """The attributes as they travel; its payload is not to be looked at."""
        return self._record

    @property
    def id(self) -> UUID:
        """The event's id."""
        return UUID(bytes=self._record.id)

    @property
    def occurred_at(self) -> datetime:
        """When it became true."""
        return from_us(self._record.occurred_at_us)

    @property
    def recorded_at(self) -> datetime:
        """When it was written."""
        return from_us(self._record.recorded_at_us)

    @property
    def sequenced_at(self) -> datetime:
        """When it got its position; never falls."""
        return from_us(self._record.sequenced_at_us)

    @property
    def type(self) -> str:
        """Full name of the message."""
        return self._record.type

    @property
    def source(self) -> str:
        """Who said it: a room or a service."""
        return self._record.source

    @property
    def subject(self) -> str:
        """The case, or the client, that it is about."""
        return self._record.subject

    @property
    def client(self) -> str:
        """The client it belongs to."""
        return self._record.client

    @property
    def applicant(self) -> str:
        """The applicant whose keys seal it; empty: none."""
        return self._record.applicant

    @property
    def epoch(self) -> str:
        """Epoch of the journal, 8 hex digits."""
        return self._record.epoch

    @property
    def position(self) -> int:
        """Dense number in the journal, from 1."""
        return self._record.position

    @property
    def unit(self) -> int:
        """Position of the first event of its transaction."""
        return self._record.unit

    @property
    def unit_last(self) -> int:
        """Position of that transaction's last event."""
        return self._record.unit_last

    @property
    def stream(self) -> str:
        """Stream of the catalogue."""
        return self._record.stream

    @property
    def partition_key(self) -> str:
        """What its order is kept by."""
        return self._record.partition_key

    @property
    def keyseq(self) -> int:
        """Number within the key, rising, over all streams."""
        return self._record.keyseq

    @property
    def correlation(self) -> str:
        """Id shared by everything one first cause led to; empty: itself."""
        return self._record.correlation

    @property
    def causation(self) -> str:
        """Id of the event that caused it; empty: a person or a clock."""
        return self._record.causation

    @property
    def minor(self) -> int:
        """Minor version of the schema it was written by."""
        return self._record.minor

    @property
    def traceparent(self) -> str:
        """W3C trace context; empty: none."""
        return self._record.traceparent

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Envelope):
            return NotImplemented
        theirs = other.record
        return all(getattr(self._record, name) == getattr(theirs, name) for name in _NAMES)

    def __hash__(self) -> int:
        return hash(self._record.id)

    def __repr__(self) -> str:
        shown = {name: getattr(self._record, name) for name in _NAMES}
        return f"Envelope({', '.join(f'{name}={value!r}' for name, value in shown.items() if value)})"


class Event(NamedTuple):
    """One event: its envelope, and the message, whose personal fields are sealed."""

    envelope: Envelope
    message: Message


def to_record(event: Event) -> Record:
    """Write an event as the record that travels through the journal door."""
    record = Record()
    record.CopyFrom(as_record(event.envelope.record))
    record.payload = event.message.SerializeToString(deterministic=True)
    return record


def from_record(record: Recorded) -> Event:
    """Read an event from a record, which is not to be changed afterwards.

    Raises:
        UnknownType: this build knows no message of that type: skip it, and count it.
        google.protobuf.message.DecodeError: the payload is no such message: a dead letter.
    """
    return Event(Envelope(record), parse(record.type, record.payload))


def stream_for(message: Message) -> str:
    """Name the stream a message belongs on.

    Raises:
        UnknownType: no stream of the catalogue carries it.
    """
    return stream_of(type_name(message)).name
