"""A row of the journal becomes the message that the CloudEvents mapping describes."""

from __future__ import annotations

from hypothesis import given

from events.relay.messages import messages
from protocol.cloudevents import to_headers
from protocol.records import Row
from protocol.schemas.journal_v1_pb2 import Record
from tests.protocol.test_cloudevents import records


def row(record: Record) -> Row:
    return Row._make(getattr(record, name) for name in Row._fields)


@given(records().filter(lambda one: bool(one.subject and one.partition_key)))
def test_headers_from_a_row_are_those_of_its_record(record: Record) -> None:
    (message,) = messages([row(record)])

    written = {name: str(value).encode() for name, value in message.headers.items()}
    assert written == {name: value for name, value in to_headers(record) if value}
    assert (message.key, message.value) == (record.partition_key, record.payload)
