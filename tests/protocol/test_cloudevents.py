"""An event on Kafka is a CloudEvent in binary mode, and reads back as the record it was."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.catalogue import STREAMS, type_name
from protocol.cloudevents import NotOurs, from_headers, to_headers
from protocol.schemas.journal_v1_pb2 import Record

TYPES = [(stream, type_name(message)) for stream in STREAMS for message in stream.messages]
TEXT = st.text(max_size=40)
MOMENT_US = st.integers(0, 4_000_000_000_000_000)
NUMBER = st.integers(0, 2**63 - 1)


@st.composite
def records(draw: st.DrawFn) -> Record:
    stream, type_ = draw(st.sampled_from(TYPES))
    record = Record(
        id=draw(st.binary(min_size=16, max_size=16)),
        type=type_,
        stream=stream.name,
        epoch=f"{draw(st.integers(0, 2**32 - 1)):08x}",
        minor=draw(st.integers(0, 99)),
        payload=draw(st.binary(max_size=60)),
    )
    texts = ("source", "subject", "client", "applicant", "partition_key", "correlation", "causation")
    for name in (*texts, "traceparent"):
        setattr(record, name, draw(TEXT))
    for name in ("occurred_at_us", "recorded_at_us", "sequenced_at_us"):
        setattr(record, name, draw(MOMENT_US))
    for name in ("position", "unit", "unit_last", "keyseq"):
        setattr(record, name, draw(NUMBER))
    return record


@given(records())
def test_reading_what_was_written_gives_the_same_record(record: Record) -> None:
    topic = f"{record.stream}.v1"
    assert from_headers(to_headers(record), record.payload, topic=topic) == record


@given(records())
def test_attribute_names_are_lower_case_letters_and_digits(record: Record) -> None:
    names = [name for name, _ in to_headers(record)]
    assert names[0] == "content-type"
    assert all(re.fullmatch(r"ce_[a-z0-9]{1,20}", name) for name in names[1:])


def test_the_delivery_lane_travels_with_the_event() -> None:
    stream, type_ = TYPES[0]
    headers = dict(to_headers(Record(id=bytes(16), type=type_, stream=stream.name)))
    assert headers["ce_lane"] == stream.lane.value.encode()


@pytest.mark.parametrize("left_out", ["specversion", "id", "position", "sequencedtime"])
def test_a_message_without_one_of_our_attributes_is_not_ours(left_out: str) -> None:
    headers = [(n, v) for n, v in to_headers(Record(id=bytes(16), type="t")) if n != f"ce_{left_out}"]
    with pytest.raises(NotOurs):
        from_headers(headers, b"", topic="verification.case.v1")


def test_a_message_whose_position_is_no_number_is_not_ours() -> None:
    headers = [(n, b"x" if n == "ce_position" else v) for n, v in to_headers(Record(id=bytes(16), type="t"))]
    with pytest.raises(NotOurs, match="lacks an attribute of ours"):
        from_headers(headers, b"", topic="verification.case.v1")


@pytest.mark.parametrize("name", ["ce_specversion", "ce_subject", "ce_of_somebody_else"])
def test_a_message_with_an_attribute_that_is_no_text_is_not_ours(name: str) -> None:
    headers = [*to_headers(Record(id=bytes(16), type="t")), (name, b"\xff")]
    with pytest.raises(NotOurs, match="no text"):
        from_headers(headers, b"", topic="verification.case.v1")
