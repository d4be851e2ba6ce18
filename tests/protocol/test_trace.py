"""A trace is a caller's or the case's own, and every event is a span of it that a repeat has too."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import trace

GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CASE = "0196a3c0-0000-7000-8000-000000000001"


def test_a_callers_trace_is_gone_on_with() -> None:
    event = trace.of_event(trace.parse(GIVEN), event_id=UUID(CASE), subject="other")

    assert trace.trace_id(event) == "0af7651916cd43dd8448eb211c80319c"
    assert event != GIVEN


def test_without_a_caller_the_case_is_its_own_trace() -> None:
    event = trace.of_event("", event_id=UUID(int=7 << 120 | 9), subject=CASE)

    assert trace.trace_id(event) == UUID(CASE).hex


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        GIVEN.upper(),
        GIVEN + "-more",
        GIVEN[:-3],
        "ff" + GIVEN[2:],
        "00-" + "0" * 32 + GIVEN[35:],
        GIVEN[:36] + "0" * 16 + GIVEN[52:],
        "01" + GIVEN[2:] + "x",
        GIVEN.replace("b", "é"),
    ],
)
def test_a_header_that_is_no_traceparent_begins_no_trace(header: str) -> None:
    assert trace.parse(header) == ""


def test_a_later_version_is_read_as_far_as_we_know_it() -> None:
    assert trace.parse("01" + GIVEN[2:] + "-more") == GIVEN


@given(header=st.text())
def test_no_header_is_taken_for_a_trace_and_not_read_again(header: str) -> None:
    read = trace.parse(header)

    assert trace.parse(read) == read


@given(subject=st.one_of(st.uuids().map(str), st.text(min_size=1)), event_id=st.uuids(version=4))
def test_an_event_told_twice_is_the_same_span_of_a_valid_trace(subject: str, event_id: UUID) -> None:
    first, second = (trace.of_event("", event_id=event_id, subject=subject) for _ in range(2))

    assert first == second
    assert trace.parse(first) == first
    assert trace.of_event(first, event_id=event_id, subject=subject) == first
