"""Everything that the page of one case shows, gathered once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from google.protobuf.message import Message

from protocol.case_decisions import Decision, decision_of
from protocol.case_state import NO_POLICY, CaseState, load
from protocol.envelope import Event
from protocol.schemas import decisions_v1_pb2 as d
from protocol.schemas import dependency_v1_pb2 as x
from protocol.schemas import verification_v1_pb2 as v
from verification.models import Case
from verification.review.checks import CheckShown, checks_of, marks_of
from verification.review.people import Row, locks_of, rows_of
from verification.review.pictures import Piece, pieces_of
from verification.review.seen_before import SeenBefore, seen_before
from verification.review.timeline import Entry, history, told
from verification.review.words import clock, label, reason, refusal

__all__ = ["Call", "CasePage", "Ruling", "View", "read"]

_Decided = d.DecisionReached | d.DecisionExpired | d.DecisionCorrected | v.ReviewConcluded


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A decision as it was said, and the events it rests on; `ends` is empty when it has no clock.

    `by` names the policy, or whose reviewer it was; `reasons` are a reviewer's.
    """

    position: int
    outcome: str
    state: str
    by: str
    reasons: tuple[str, ...]
    missing: tuple[str, ...]
    because: tuple[Entry, ...]
    ends: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A question to somebody outside; `outcome` says when no answer has come."""

    dependency: str
    attempt: int
    at: str
    outcome: str
    took_ms: int


@dataclass(frozen=True, slots=True)
class View:
    """That somebody looked at personal data: when, who, at what, and why."""

    at: str
    who: str
    what: str
    ground: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """A case as its page shows it; `views` newest first, and so `rulings`, after the one that stands."""

    row: Case
    opened: str
    submitted: str
    checks: tuple[CheckShown, ...]
    seen_before: SeenBefore | None
    rulings: tuple[Ruling, ...]
    waiting_for: tuple[str, ...]
    locks: tuple[str, ...]
    rows: tuple[Row, ...]
    pieces: tuple[Piece, ...]
    refused: tuple[str, ...]
    calls: tuple[Call, ...]
    timeline: tuple[Entry, ...]
    views: tuple[View, ...]

    @property
    def decides(self) -> bool:
        """Whether a policy decides; without one the client decides from the facts."""
        return self.row.policy_name != NO_POLICY

    @property
    def has_zone(self) -> bool:
        """Whether anything was read in a machine-readable zone."""
        return any(row.zone for row in self.rows)


def read(row: Case) -> CasePage:
    """Gather a case's page; personal values are opened, so the view is to be recorded first."""
    state, events = load(bytes(row.state)), history(row.id)
    checks = checks_of(state, events)
    story = told(e for e in events if not isinstance(e.message, v.PersonalDataViewed))
    front = state.evidence.get("front")
    return CasePage(
        row=row,
        opened=clock(row.opened_at_us),
        submitted=clock(state.submitted_at_us) if state.submitted_at_us else "",
        checks=checks,
        seen_before=seen_before(events),
        rulings=_rulings(events, story, state.decision),
        waiting_for=_waiting_for(state),
        locks=locks_of(row.applicant),
        rows=rows_of(row.id, front.evidence_id if front else "", checks),
        pieces=pieces_of(row.applicant, state, events, marks_of(checks)),
        refused=tuple(_refused(events)),
        calls=_calls(events),
        timeline=story,
        views=tuple(reversed(list(_views(events)))),
    )


def _waiting_for(state: CaseState) -> tuple[str, ...]:
    """Say what has not come: evidence that may still be sent, and checks that have not ended."""
    open_for_evidence = not (state.submitted_at_us or state.withdrawn_at_us or state.expired_at_us)
    slots = (("front", "the document's front"), ("face", "a recording of the face"))
    evidence = [words for slot, words in slots if open_for_evidence and slot not in state.evidence]
    return (*evidence, *(f"{label(check).lower()} check" for check in state.missing))


def _rulings(
    events: Sequence[Event], story: Iterable[Entry], standing: Decision | None
) -> tuple[Ruling, ...]:
    at = {entry.position: entry for entry in story}
    by_id = {str(e.envelope.id): at[e.envelope.position] for e in events if e.envelope.position in at}
    decided = [e for e in events if isinstance(e.message, _Decided)]
    decided.sort(key=lambda e: standing is not None and str(e.envelope.id) == standing.event_id)
    return tuple(_ruling(event, by_id) for event in reversed(decided))


def _ruling(event: Event, by_id: dict[str, Entry]) -> Ruling:
    said = decision_of(event)
    if said is None:
        raise TypeError(f"event {event.envelope.id} is no decision")
    by, rests_on = _grounds(event.message)
    return Ruling(
        position=event.envelope.position,
        outcome=said.outcome,
        state=said.state,
        by=by,
        reasons=tuple(reason(code) for code in said.reasons),
        missing=said.missing,
        because=tuple(by_id[id_] for id_ in rests_on if id_ in by_id),
        ends=clock(said.expires_at_us) if said.expires_at_us else "",
        at=clock(event.envelope.occurred_at),
    )


def _grounds(said: Message) -> tuple[str, list[str]]:
    """Name who decided, and give the ids of the events that the decision rests on."""
    match said:
        case v.ReviewConcluded():
            return "our reviewer" if said.by == "staff" else "the client's own reviewer", []
        case d.DecisionExpired():
            return f"policy {said.policy.name} {said.policy.version}", [said.decision_id]
        case d.DecisionReached() | d.DecisionCorrected():
            return f"policy {said.policy.name} {said.policy.version}", list(said.because)
        case _:
            return "", []


def _refused(events: Iterable[Event]) -> Iterable[str]:
    for event in events:
        if isinstance(event.message, v.EvidenceRefused):
            kind, why = label(event.message.evidence_kind), refusal(event.message.code)
            yield f"{kind}: {why} ({clock(event.envelope.occurred_at)})"


def _calls(events: Sequence[Event]) -> tuple[Call, ...]:
    ends = {
        e.message.call_id: e.message for e in events if isinstance(e.message, x.CallAnswered | x.CallFailed)
    }
    return tuple(
        _call(e.message, clock(e.envelope.occurred_at), ends.get(e.message.call_id))
        for e in events
        if isinstance(e.message, x.CallAsked)
    )


def _call(asked: x.CallAsked, at: str, end: x.CallAnswered | x.CallFailed | None) -> Call:
    match end:
        case x.CallAnswered():
            outcome = label(end.answer)
        case x.CallFailed():
            outcome = f"No answer: {label(end.failure).lower()}"
        case None:
            outcome = "No answer is known yet"
    return Call(
        dependency=label(asked.dependency),
        attempt=asked.attempt,
        at=at,
        outcome=outcome,
        took_ms=end.took_ms if end else 0,
    )


def _views(events: Iterable[Event]) -> Iterable[View]:
    for event in events:
        said = event.message
        if isinstance(said, v.PersonalDataViewed):
            what = f"{label(said.what)} {said.evidence_id}".strip()
            yield View(clock(event.envelope.occurred_at), said.staff_id, what, said.ground)
