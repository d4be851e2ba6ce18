"""A trace goes from an event to what its handlers say and log; a timer speaks in its case's own."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import structlog

from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as v
from protocol.trace import trace_id
from subscriber import Context, Emission, Handler, Runner, Timer
from subscriber.logs import configure, lines
from tests.subscriber.makers import Bench, says

CASE = "0196a3c0-0000-7000-8000-000000000001"
GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
Settle = Callable[[Runner], None]


class Kept:
    """An emitter that keeps what was said, in memory: nothing here rolls back."""

    def __init__(self) -> None:
        self.said: list[Emission] = []

    def emit(self, emissions: Sequence[Emission], *, now: datetime) -> None:
        self.said.extend(emissions)

    def carry(self, bell: object) -> bool:
        return False


@pytest.fixture
def kept(bench: Bench) -> Kept:
    bench.emitter = Kept()  # type: ignore[assignment]  # another emitter
    return bench.emitter  # type: ignore[return-value]  # the one just set


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Log as a service does, into a string."""
    before = logging.getLogger().handlers[:], logging.getLogger().level
    said = io.StringIO()
    configure()
    handler = logging.StreamHandler(said)
    handler.setFormatter(lines())
    logging.getLogger().handlers = [handler]
    yield said
    logging.getLogger().handlers, level = before
    logging.getLogger().setLevel(level)


def test_what_a_handler_says_is_in_the_trace_of_its_event(bench: Bench, kept: Kept, settle: Settle) -> None:
    bench.journal.write(v.CaseSubmitted(by="client"), CASE).traceparent = GIVEN

    settle(bench.runner())

    (said,) = kept.said
    assert trace_id(said.traceparent) == trace_id(GIVEN)
    assert said.traceparent.split("-")[2] == said.id.bytes[8:].hex()


def test_an_event_without_a_trace_is_answered_in_the_cases_own(
    bench: Bench, kept: Kept, settle: Settle
) -> None:
    bench.journal.write(v.CaseSubmitted(by="client"), CASE)

    settle(bench.runner())

    assert trace_id(kept.said[0].traceparent) == UUID(CASE).hex


def test_a_timer_speaks_in_its_cases_own_trace(bench: Bench, kept: Kept, settle: Settle) -> None:
    def remind(event: Event, _value: object, ctx: Context) -> None:
        ctx.remind(ctx.moment + timedelta(seconds=5), "later", event.envelope.subject)

    def ring(timer: Timer, ctx: Context) -> None:
        ctx.emit(v.ReviewRequested(by="client"), subject=timer.key, client="cl_1")

    bench.journal.write(v.CaseSubmitted(by="client"), CASE).traceparent = GIVEN

    settle(bench.runner(bench.subscriber(Handler((v.CaseSubmitted,), remind), on_timer=ring)))

    assert trace_id(kept.said[0].traceparent) == UUID(CASE).hex


def test_a_line_logged_in_a_handler_names_trace_case_and_subscriber(
    bench: Bench, settle: Settle, logged: io.StringIO
) -> None:
    def speaks(event: Event, value: object, ctx: Context) -> None:
        structlog.get_logger("vouch.test").info("seen", how="well")
        says(event, value, ctx)

    bench.journal.write(v.CaseSubmitted(by="client"), CASE).traceparent = GIVEN

    settle(bench.runner(bench.subscriber(Handler((v.CaseSubmitted,), speaks))))

    line = json.loads(logged.getvalue())
    assert (line["trace"], line["case"], line["subscriber"]) == (trace_id(GIVEN), CASE, "s")
    assert (line["event"], line["how"], line["level"]) == ("seen", "well", "info")


def test_a_buried_event_is_logged_by_place_and_without_what_it_said(
    bench: Bench, settle: Settle, logged: io.StringIO
) -> None:
    def fails(event: Event, value: object, ctx: Context) -> None:
        raise ValueError("Ada Lovelace")

    bench.journal.submit(CASE)

    settle(bench.runner(bench.subscriber(Handler((v.CaseSubmitted,), fails))))

    assert json.loads(logged.getvalue())["reason"] == "ValueError"
    assert "Lovelace" not in logged.getvalue()


def test_the_standard_librarys_lines_say_where_and_not_what(logged: io.StringIO) -> None:
    try:
        int("Ada Lovelace")
    except ValueError:
        logging.getLogger("some.library").exception("it broke")

    line = json.loads(logged.getvalue())
    assert line["event"] == "it broke"
    assert line["error"].startswith("ValueError")
    assert "Lovelace" not in logged.getvalue()
