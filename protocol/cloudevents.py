"""How an event looks on Kafka: CloudEvents 1.0 in binary mode, attributes in `ce_` headers, the payload bare.

Names of attributes are lower-case letters and digits (CloudEvents 1.0.2, "Naming conventions");
`partitionkey` and `traceparent` are documented extensions, the others are ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from protocol.catalogue import UnknownType, stream_of
from protocol.ids import from_us, to_us
from protocol.records import Recorded
from protocol.schemas.journal_v1_pb2 import Record

__all__ = [
    "CONTENT_TYPE",
    "NUMBERS",
    "TEXTS",
    "TIMES",
    "VERSION",
    "Headers",
    "NotOurs",
    "from_headers",
    "to_headers",
]

Headers = list[tuple[str, bytes]]
CONTENT_TYPE: Final = "application/protobuf"
VERSION: Final = "1.0"
# Attributes by the field of a record that each one holds.
TEXTS: Final = {
    "type": "type",
    "source": "source",
    "subject": "subject",
    "client": "client",
    "applicant": "applicant",
    "epoch": "epoch",
    "partitionkey": "partition_key",
    "correlation": "correlation",
    "causation": "causation",
    "traceparent": "traceparent",
}
NUMBERS: Final = {
    "position": "position",
    "unit": "unit",
    "unitlast": "unit_last",
    "keyseq": "keyseq",
    "minor": "minor",
}
TIMES: Final = {
    "time": "occurred_at_us",
    "recordedtime": "recorded_at_us",
    "sequencedtime": "sequenced_at_us",
}


class NotOurs(ValueError):
    """The headers are not those of an event of ours: a dead letter, or a foreign topic."""


def to_headers(record: Recorded) -> Headers:
    """Write an event's attributes; empty ones are left out, the payload travels as the message's value."""
    found = {"id": str(UUID(bytes=record.id)), "specversion": VERSION, "lane": _lane(record.type)}
    found |= {name: getattr(record, field) for name, field in TEXTS.items()}
    found |= {name: str(getattr(record, field)) for name, field in NUMBERS.items()}
    found |= {name: _rfc3339(getattr(record, field)) for name, field in TIMES.items()}
    headers = [(f"ce_{name}", value.encode()) for name, value in found.items() if value]
    return [("content-type", CONTENT_TYPE.encode()), *headers]


def from_headers(headers: Iterable[tuple[str, bytes | None]], payload: bytes, *, topic: str) -> Record:
    """Read an event back as the record that the journal door gives.

    Args:
        headers: of one Kafka message.
        payload: its value.
        topic: its topic, `stream.vMAJOR`.

    Raises:
        NotOurs: an attribute is missing or is not what it should be; nothing was read.
    """
    found = _attributes(headers, topic)
    if found.get("specversion") != VERSION:
        raise NotOurs(f"a message of {topic} is no CloudEvent {VERSION}: its headers say which version it is")
    record = Record(stream=topic.rpartition(".v")[0], payload=payload)
    try:
        record.id = UUID(found["id"]).bytes
        for name, field in TEXTS.items():
            setattr(record, field, found.get(name, ""))
        for name, field in NUMBERS.items():
            setattr(record, field, int(found[name]))
        for name, field in TIMES.items():
            setattr(record, field, to_us(datetime.fromisoformat(found[name])))
    except (KeyError, ValueError, TypeError) as error:
        raise NotOurs(
            f"a message of {topic} lacks an attribute of ours, or has a wrong one: {error}"
        ) from error
    return record


def _attributes(headers: Iterable[tuple[str, bytes | None]], topic: str) -> dict[str, str]:
    try:
        return {name[3:]: (value or b"").decode() for name, value in headers if name.startswith("ce_")}
    except UnicodeDecodeError as error:
        raise NotOurs(f"a message of {topic} has an attribute that is no text: {error}") from error


def _lane(type_: str) -> str:
    try:
        return stream_of(type_).lane.value
    except UnknownType:
        return ""


def _rfc3339(us: int) -> str:
    return f"{from_us(us):%Y-%m-%dT%H:%M:%S.%fZ}"
