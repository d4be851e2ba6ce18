"""An event comes out of a record as it went in."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.catalogue import UnknownType
from protocol.envelope import Envelope, Event, from_record, stream_for, to_record
from protocol.schemas.journal_v1_pb2 import Record
from protocol.schemas.verification_v1_pb2 import CaseSubmitted, Money, StepStarted

MOMENTS_US = st.integers(min_value=0, max_value=2**52)
WORDS = st.text(max_size=40)
NUMBERS = st.integers(min_value=0, max_value=2**63 - 1)

RECORDS = st.builds(
    Record,
    id=st.uuids().map(lambda made: made.bytes),
    type=st.just("vouch.verification.v1.CaseSubmitted"),
    source=WORDS,
    subject=WORDS,
    client=WORDS,
    applicant=WORDS,
    occurred_at_us=MOMENTS_US,
    recorded_at_us=MOMENTS_US,
    sequenced_at_us=MOMENTS_US,
    epoch=WORDS,
    position=NUMBERS,
    unit=NUMBERS,
    unit_last=NUMBERS,
    stream=st.just("verification.case"),
    partition_key=WORDS,
    keyseq=NUMBERS,
    correlation=WORDS,
    causation=WORDS,
    minor=st.integers(min_value=0, max_value=2**32 - 1),
    traceparent=WORDS,
)
ENVELOPES = RECORDS.map(Envelope)


@given(envelope=ENVELOPES, by=WORDS)
def test_an_event_comes_out_of_its_record_as_it_went_in(envelope: Envelope, by: str) -> None:
    event = Event(envelope, CaseSubmitted(by=by))

    assert from_record(Record.FromString(to_record(event).SerializeToString())) == event


@given(envelope=ENVELOPES)
def test_the_same_event_always_gives_the_same_bytes(envelope: Envelope) -> None:
    event = Event(envelope, CaseSubmitted(by="client"))

    assert to_record(event).SerializeToString() == to_record(event).SerializeToString()


def test_a_record_of_an_unknown_type_is_refused() -> None:
    record = Record(id=UUID(int=1).bytes, type="vouch.verification.v9.Later")

    with pytest.raises(UnknownType, match="v9"):
        from_record(record)


def test_a_message_finds_the_stream_that_carries_it() -> None:
    assert stream_for(StepStarted()) == "verification.statistics"


def test_a_message_that_is_no_event_has_no_stream() -> None:
    with pytest.raises(UnknownType, match="Money"):
        stream_for(Money())
