"""Events as another build, another database or another time would have written them."""

from __future__ import annotations

from protocol.envelope import Envelope, Event
from protocol.records import as_record
from protocol.schemas.journal_v1_pb2 import Record

__all__ = ["changed"]


def changed(event: Event, **attributes: object) -> Envelope:
    """Give an event's envelope with some attributes changed, by the names of the record's fields."""
    record = Record()
    record.CopyFrom(as_record(event.envelope.record))
    for name, value in attributes.items():
        setattr(record, name, value)
    return Envelope(record)
