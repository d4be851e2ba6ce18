"""A case's story: every event of its journal in plain words, without a personal value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from google.protobuf.message import Message

from events import journal
from protocol.envelope import Event
from protocol.ids import to_us
from protocol.schemas import decisions_v1_pb2 as d
from protocol.schemas import dependency_v1_pb2 as x
from protocol.schemas import fraud_v1_pb2 as f
from protocol.schemas import verification_v1_pb2 as v
from verification.review.words import clock, duration, label, listed, megabytes, reason, refusal

__all__ = ["Entry", "history", "say", "told"]

_PAGE = 1000

_Partial = (
    v.DocumentClassified
    | v.PictureGraded
    | v.PageRectified
    | v.FieldsRead
    | v.MachineZoneRead
    | v.PortraitFound
    | v.FaceTrackRead
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event: its place in the journal, when it was, what it says, who said it, and its type's name."""

    position: int
    at: str
    since: str
    words: str
    source: str
    type: str


def history(case: str) -> tuple[Event, ...]:
    """Read every event of a case, in order, personal fields sealed."""
    found: list[Event] = []
    while page := journal.after(found[-1].envelope.position if found else 0, subject=case, limit=_PAGE):
        found.extend(page)
    return tuple(found)


def told(events: Iterable[Event]) -> tuple[Entry, ...]:
    """Tell events in words, each with the time since the first."""
    listed_events = list(events)
    began_us = to_us(listed_events[0].envelope.occurred_at) if listed_events else 0
    return tuple(
        Entry(
            position=e.envelope.position,
            at=clock(e.envelope.occurred_at),
            since=f"+{duration(to_us(e.envelope.occurred_at) - began_us)}",
            words=say(e.message),
            source=e.envelope.source,
            type=e.envelope.type.rpartition(".")[2],
        )
        for e in listed_events
    )


def say(message: Message) -> str:
    """Put one event in words; one that has none is named by its type."""
    for speaker in (_case, _evidence, _ends, _review, _looks, _face, _results, _decisions, _calls):
        if words := speaker(message):
            return words
    return message.DESCRIPTOR.name


def _case(message: Message) -> str:
    match message:
        case v.CaseOpened() as said:
            key, policy = "live" if said.live else "test", f"{said.policy_name} {said.policy_version}"
            age = f", minimum age {said.minimum_age}" if said.minimum_age else ""
            stake = f"{said.stake.amount} {said.stake.currency}"
            return f"Opened with a {key} key: {stake} at stake, policy {policy}{age}"
        case v.CaptureTokenIssued() as said:
            how = "by exchanging a code" if said.exchanged_code_sha256 else "by the client"
            ends = "; earlier access ended" if said.replaces else ""
            return f"A phone was given access {how} until {clock(said.expires_at_us)}{ends}"
        case v.BiometricBasisRecorded() as said:
            return f"Basis for looking at the face: {said.basis}, text {said.text_version} ({said.locale})"
        case v.BiometricBasisWithdrawn():
            return "Basis for looking at the face withdrawn"
        case _:
            return ""


def _evidence(message: Message) -> str:
    match message:
        case v.ChallengeDrawn() as said:
            asked = ", ".join(f"{label(a.do).lower()} at {a.at_ms / 1000:.1f} s" for a in said.actions)
            return f"Challenge {said.attempt} drawn: {asked}"
        case v.EvidenceReceived() as said:
            length = f", {said.duration_ms / 1000:.1f} s" if said.duration_ms else ""
            size = f"{said.width_px} x {said.height_px} px, {megabytes(said.size)}{length}"
            return f"{label(said.evidence_kind)} accepted: {said.media_type}, {size}"
        case v.EvidenceRefused() as said:
            return f"{label(said.evidence_kind)} refused: {refusal(said.code)}"
        case _:
            return ""


def _ends(message: Message) -> str:
    match message:
        case v.CaseSubmitted() as said:
            return f"Submitted by the {said.by}: no more evidence will come"
        case v.DeadlinePassed() as said:
            return f"Time was over for {listed(said.checks)}"
        case v.CaseWithdrawn() as said:
            return f"Withdrawn by the {said.by}"
        case v.CaseExpired():
            return "Expired: never submitted, and the phone's access has ended"
        case _:
            return ""


def _review(message: Message) -> str:
    match message:
        case v.ReviewRequested() as said:
            return f"The {said.by} asked that a person looks at the case"
        case v.ReviewConcluded() as said:
            who = "Our reviewer" if said.by == "staff" else "The client's own reviewer"
            why = f" ({listed(said.reasons)})" if said.reasons else ""
            how = "corrected the decision" if said.corrects else "decided"
            return f"{who} {said.reviewer_id} {how}: {said.outcome}{why}"
        case _:
            return ""


def _looks(message: Message) -> str:
    match message:
        case v.DocumentClassified() as said:
            sure = f"{said.confidence_01:.0%} sure"
            return f"Document type: {label(said.document_type)}, {said.side} ({sure}){_unless(said)}"
        case v.PictureGraded() as said:
            parts = ", ".join(f"{label(p.name).lower()} {label(p.status).lower()}" for p in said.quality)
            return f"How well the picture is seen: {parts or 'nothing to say'}{_unless(said)}"
        case v.PageRectified() as said:
            return f"Page cut straight: {said.width_px} x {said.height_px} px{_unless(said)}"
        case v.FieldsRead() as said:
            return f"Fields read: {listed(f.name for f in said.fields)}{_unless(said)}"
        case v.MachineZoneRead() as said:
            digits = "check digits agree" if said.check_digits_ok else "check digits do not agree"
            zone = f"{said.format}, {digits}" if said.format else "none"
            return f"Machine-readable zone: {zone}{_unless(said)}"
        case _:
            return ""


def _face(message: Message) -> str:
    match message:
        case v.PortraitFound() as said:
            ghost = ", with a ghost image" if said.HasField("ghost_box") else ""
            return f"Portrait {'found' + ghost if said.found else 'not found'}{_unless(said)}"
        case v.FaceTrackRead() as said:
            seen = f"seen in {said.share_01:.0%} of the frames" if said.seen else "not seen"
            return f"Face {seen}{_unless(said)}"
        case v.AgeEstablished() as said:
            return f"Over the minimum age: {said.over_minimum}"
        case _:
            return ""


def _unless(said: _Partial) -> str:
    return f". {reason(said.unavailable)}" if said.unavailable else ""


def _results(message: Message) -> str:
    match message:
        case v.CheckCompleted() as said:
            codes = dict.fromkeys(r.code for r in said.reasons)
            why = f" ({listed(codes)})" if codes else ""
            return f"Check {label(said.check).lower()}: {label(said.status).lower()}{why}"
        case f.FraudScored() as said:
            found = listed(finding.code for finding in said.findings)
            return f"Compared by {listed(said.compared)}: found {found}, score {said.score_01:.2f}"
        case v.WaitingBegan() as said:
            away, check = label(said.dependency), label(said.check).lower()
            return f"{away} is away: check {check} waits for it until {clock(said.until_us)}"
        case v.PersonalDataViewed() as said:
            return f"Personal data viewed ({said.what}) for {said.ground}"
        case _:
            return ""


def _decisions(message: Message) -> str:
    match message:
        case d.DecisionReached() as said:
            waits = f", still waiting for {listed(said.missing)}" if said.missing else ""
            return f"Decision: {said.outcome} ({said.state}) by policy {_policy(said.policy)}{waits}"
        case d.DecisionExpired() as said:
            return f"The provisional decision {said.outcome} ended"
        case d.DecisionCorrected() as said:
            return f"The final decision was corrected: now {said.outcome}, by policy {_policy(said.policy)}"
        case d.TrustReserved() as said:
            return f"Trust of {said.amount} {said.currency} reserved until {clock(said.until_us)}"
        case d.TrustReleased():
            return "The trust that was reserved is free again"
        case _:
            return ""


def _policy(policy: d.PolicyVersion) -> str:
    return f"{policy.name} {policy.version}"


def _calls(message: Message) -> str:
    match message:
        case x.CallAsked() as said:
            return f"{label(said.dependency)} asked, try {said.attempt}"
        case x.CallAnswered() as said:
            return f"{label(said.dependency)} answered after {said.took_ms} ms: {label(said.answer).lower()}"
        case x.CallFailed() as said:
            return (
                f"{label(said.dependency)} gave no answer ({label(said.failure).lower()}, {said.took_ms} ms)"
            )
        case x.FallbackTaken() as said:
            return f"{label(said.dependency)} {label(said.failure).lower()}: {label(said.fallback).lower()}"
        case _:
            return ""
