"""Takes events and statistics in: each adds its tries to the rows."""

from __future__ import annotations

from typing import Final

from google.protobuf.message import Message

from consumers.early_warning import cases
from consumers.early_warning.rows import Execute, add_begun, add_seen, drop_begun, keep_budget
from consumers.early_warning.seeing import BLIND, Seen
from protocol.envelope import Event
from protocol.ids import to_us
from protocol.schemas import dependency_v1_pb2 as dependency
from protocol.schemas import verification_v1_pb2 as verification
from subscriber.noted import Statistic
from subscriber.store import Store

__all__ = ["FOLLOWED", "take_event", "take_statistic"]

FOLLOWED: Final[tuple[type[Message], ...]] = (
    verification.EvidenceReceived,
    verification.CaseSubmitted,
    verification.DeadlinePassed,
    verification.CaseWithdrawn,
    verification.CaseExpired,
    verification.CheckCompleted,
    dependency.CallAsked,
    dependency.CallAnswered,
    dependency.CallFailed,
)
# A check that says only that the case's time was over has not ended.
_LATE: Final = "deadline"


def take_event(event: Event, execute: Execute, case_budget_ms: float) -> None:
    """Take an event of the journal in; its time is when it occurred."""
    case, at_us = event.envelope.subject, to_us(event.envelope.occurred_at)
    match event.message:
        case verification.EvidenceReceived():
            cases.evidence(execute, case, at_us)
        case verification.CaseSubmitted():
            cases.submitted(execute, case, at_us, case_budget_ms)
        case verification.DeadlinePassed():
            cases.missed(execute, case, at_us, case_budget_ms)
        case verification.CaseWithdrawn() | verification.CaseExpired():
            cases.ended(execute, case)
        case verification.CheckCompleted() as done:
            if all(reason.code != _LATE for reason in done.reasons):
                cases.checked(execute, case, done.check, at_us, case_budget_ms)
        case dependency.CallAsked() | dependency.CallAnswered() | dependency.CallFailed() as call:
            _take_call(call, case, at_us, execute)


def _take_call(
    call: dependency.CallAsked | dependency.CallAnswered | dependency.CallFailed,
    case: str,
    at_us: int,
    execute: Execute,
) -> None:
    about = f"dependency/{call.dependency}"
    if isinstance(call, dependency.CallAsked):
        # A call that a newer one of its case overtakes ends without an answer.
        drop_begun(execute, about, case=case)
        add_begun(execute, about, case, at_us, call.call_id)
        keep_budget(execute, about, at_us, float(call.deadline_ms))
        return
    drop_begun(execute, about, mark=call.call_id)
    failed = isinstance(call, dependency.CallFailed)
    add_seen(execute, about, Seen(at_us, float(call.took_ms), failed, case), call.call_id)


def take_statistic(statistic: Statistic, store: Store) -> None:
    """Take a statistic in; its time is when it was noted."""
    match statistic.message:
        case verification.StepStarted() as begun:
            mark = f"{statistic.subject}/{begun.attempt}"
            if statistic.subject:
                add_begun(store.execute, _step(begun.step), statistic.subject, statistic.at_us, mark)
        case verification.StepFinished() as done:
            about, failed = _step(done.step), done.outcome != "answered"
            if statistic.subject:
                drop_begun(store.execute, about, mark=f"{statistic.subject}/{done.attempt}")
            seen = Seen(statistic.at_us, done.total_ms, failed, statistic.subject)
            add_seen(store.execute, about, seen, statistic.mark)
        case None:
            add_seen(store.execute, BLIND, Seen(statistic.at_us, float(statistic.dropped)), statistic.mark)


def _step(name: str) -> str:
    return f"step/{name.removeprefix('step.')}"
