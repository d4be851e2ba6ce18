"""What a client is told of a decision, a policy's or a person's: part of the projection's first version."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from google.protobuf.message import Message

from protocol.case_decisions import BY_POLICY, BY_REVIEWER
from protocol.case_state import CaseState
from protocol.schemas import decisions_v1_pb2 as decisions
from protocol.schemas import verification_v1_pb2 as verification
from streaming.words import Json, Kind, NumberOf, PublicRecord, reason_said, rfc3339

__all__ = ["decided"]

_Policys = decisions.DecisionReached | decisions.DecisionExpired | decisions.DecisionCorrected
_REFER: Final = "refer"


def decided(message: Message, state: CaseState, number_of: NumberOf) -> list[PublicRecord] | None:
    """Give the records of a decision; None: the event decides nothing.

    What a policy says while a person's decision stands is not told: it was said without knowing of it.
    """
    match message:
        case decisions.DecisionReached() | decisions.DecisionExpired() | decisions.DecisionCorrected():
            return [] if _by_a_person(state) else [_by_policy(message, number_of)]
        case verification.ReviewConcluded():
            return [_by_reviewer(message, number_of), _review(message)]
        case _:
            return None


def _by_a_person(state: CaseState) -> bool:
    return state.decision is not None and state.decision.by == BY_REVIEWER


def _by_policy(message: _Policys, number_of: NumberOf) -> PublicRecord:
    match message:
        case decisions.DecisionReached():
            state, because = message.state, list(message.because)
            ends = {"expires_at": rfc3339(message.expires_at_us)} if message.expires_at_us else {}
        case decisions.DecisionExpired():
            state, because, ends = "expired", [message.decision_id], {}
        case _:
            state, because, ends = "corrected", list(message.because), {}
    data: dict[str, Json] = {"outcome": message.outcome, "state": state, "by": BY_POLICY, **ends}
    data["policy"] = {"name": message.policy.name, "version": message.policy.version}
    data["because"] = _numbers(because, number_of)
    data["missing"] = list(message.missing)
    if isinstance(message, decisions.DecisionCorrected):
        data["corrects"] = number_of(message.decision_id)
    final = state == "final" or (state == "corrected" and message.outcome != _REFER)
    return PublicRecord(kind=Kind.DECISION, data=data, final=final)


def _by_reviewer(message: verification.ReviewConcluded, number_of: NumberOf) -> PublicRecord:
    """Tell a person's decision, before its review: the first record of an event is what later ones name."""
    final = message.outcome != _REFER
    state = "final" if final else "provisional"
    data: dict[str, Json] = {"outcome": message.outcome, "state": state, "by": BY_REVIEWER}
    data |= {"because": [], "missing": []}
    if message.corrects:
        data |= {"state": "corrected", "corrects": number_of(message.corrects)}
    return PublicRecord(kind=Kind.DECISION, data=data, final=final)


def _review(message: verification.ReviewConcluded) -> PublicRecord:
    reasons: list[Json] = [reason_said(code) for code in message.reasons]
    data: dict[str, Json] = {"outcome": message.outcome, "reasons": reasons}
    return PublicRecord(kind=Kind.REVIEW, data=data, final=message.outcome != _REFER)


def _numbers(event_ids: Iterable[str], number_of: NumberOf) -> list[Json]:
    found = (number_of(event_id) for event_id in event_ids)
    return [*sorted(number for number in found if number is not None)]
