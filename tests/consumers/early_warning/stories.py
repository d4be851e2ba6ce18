"""What a product says of its calls and cases, as events at any second."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from google.protobuf.message import Message

from consumers.early_warning.service import SPEC
from protocol.catalogue import stream_of, type_name
from protocol.checks import CHECKS
from protocol.envelope import Envelope, Event
from protocol.ids import to_us
from protocol.schemas import dependency_v1_pb2 as dependency
from protocol.schemas import verification_v1_pb2 as verification
from protocol.schemas.journal_v1_pb2 import Record
from tests.consumers.journal import MemoryJournal, Service

__all__ = [
    "ABOUT",
    "RISES_AT",
    "START",
    "at_us",
    "called",
    "calls",
    "event",
    "finished",
    "in_order",
    "quiet",
    "rising",
    "running",
    "said",
    "settle_until",
]

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
ABOUT = "dependency/licence_register"
RISES_AT = 1_800
_REGISTER = "licence_register"
_DEADLINE_MS = 3_000


def at_us(second: float) -> int:
    """Count the microseconds to a second of the story."""
    return to_us(START + timedelta(seconds=second))


def event(message: Message, second: float, case: str) -> Event:
    """Make an event; the same of the same case at the same moment has the same id."""
    name, moment_us = type_name(message), at_us(second)
    told = f"{name}/{case}/{moment_us}/{message.SerializeToString(deterministic=True)!r}"
    record = Record(
        id=UUID(int=abs(hash(told)) + 1).bytes,
        type=name,
        source="verification",
        subject=case,
        client="cl_1",
        occurred_at_us=moment_us,
        recorded_at_us=moment_us,
        sequenced_at_us=moment_us,
        stream=stream_of(name).name,
        partition_key=case,
    )
    return Event(Envelope(record), message)


def called(second: float, took_ms: float, *, case: str = "", failed: bool = False) -> list[Event]:
    """Ask the register at a second, and hear of it; beyond the deadline it was too slow."""
    case = case or f"case-{second:.3f}"
    asked = dependency.CallAsked(
        dependency=_REGISTER, call_id=f"{case}-call", attempt=1, deadline_ms=_DEADLINE_MS
    )
    took = int(min(took_ms, _DEADLINE_MS))
    answer: Message = dependency.CallAnswered(
        dependency=_REGISTER, call_id=f"{case}-call", answer="matched", took_ms=took
    )
    if failed or took_ms > _DEADLINE_MS:
        kind = "not_there" if failed else "slow"
        answer = dependency.CallFailed(
            dependency=_REGISTER, call_id=f"{case}-call", failure=kind, took_ms=took
        )
    return [event(asked, second, case), event(answer, second + took / 1_000, case)]


def calls(seconds: Iterable[float], took_ms: float) -> list[Event]:
    """Ask the register at some seconds; nine of ten times it takes as long as said, else a fifth longer."""
    return [
        one
        for n, second in enumerate(seconds)
        for one in called(second, took_ms * (1.2 if n % 10 == 7 else 1.0 + 0.01 * (n % 5)))
    ]


def quiet() -> list[Event]:
    """Have half an hour of a second each, three times a minute."""
    return calls(range(0, RISES_AT, 20), 1_000)


def rising(until: int) -> list[Event]:
    """Have the register take longer and longer after that half an hour: 7 s more in ten minutes."""
    seconds = range(RISES_AT, until, 5)
    return [one for s in seconds for one in called(s, 1_000 + 7_000 * (s - RISES_AT) / 600)]


def finished(second: float, case: str, *, took_s: float) -> list[Event]:
    """Submit a case at a second, and have all of its checks end so long after."""
    checks = [verification.CheckCompleted(check=str(check), status="clear", final=True) for check in CHECKS]
    return [
        event(verification.CaseSubmitted(by="client"), second, case),
        *(event(check, second + took_s, case) for check in checks),
    ]


def in_order(events: Iterable[Event]) -> list[Event]:
    """Sort events by their time."""
    return sorted(events, key=lambda one: one.envelope.occurred_at)


@contextmanager
def running(folder: Path, journal: MemoryJournal, second: float) -> Iterator[Service]:
    """Run the service on its file, the clock at a second of the story."""
    service = Service(SPEC, folder, journal, clock_us=at_us(second))
    try:
        yield service
    finally:
        service.store.close()


def settle_until(service: Service, second: float, *, every_s: float = 5.0) -> None:
    """Let the clock go on, a look at a time."""
    service.settle()
    while service.clock_us < at_us(second):
        service.clock_us = min(at_us(second), service.clock_us + int(every_s * 1_000_000))
        service.settle()


def said(journal: MemoryJournal, about: str = ABOUT) -> list[Message]:
    """List what was said of a subject."""
    return journal.said(about, "operations.warning")
