"""Applies events to the tables of cases; the same functions rebuild them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import F
from google.protobuf.message import Message

from events.projections import event_sourced, projects
from events.sealing import sealed_field
from protocol.case_decisions import decision_of
from protocol.case_state import CaseState, advance, dump, load
from protocol.envelope import Envelope, Event
from protocol.ids import to_us
from protocol.schemas import decisions_v1_pb2 as d
from protocol.schemas import verification_v1_pb2 as v
from verification.models import Case, Challenge, CheckResult, Decision, Evidence, Fact

__all__: list[str] = []

_CLAIMED = (
    "given_names",
    "family_name",
    "date_of_birth",
    "document_number",
    "address",
    "email",
    "phone",
)
# People's commands and new evidence raise a case's version.
_RAISING = (
    v.BiometricBasisRecorded,
    v.BiometricBasisWithdrawn,
    v.EvidenceReceived,
    v.CaseSubmitted,
    v.ReviewRequested,
    v.ReviewConcluded,
    v.CaseWithdrawn,
)

event_sourced(Case, Evidence, Challenge, CheckResult, Fact, Decision)


@projects(v.CaseOpened)
def _opened(event: Event) -> None:
    said, envelope = event.message, event.envelope
    if not isinstance(said, v.CaseOpened):
        return
    state = advance(CaseState(), event)
    Case.objects.create(
        id=envelope.subject,
        client=envelope.client,
        applicant=envelope.applicant,
        live=said.live,
        reference=said.reference,
        stake_amount=said.stake.amount,
        stake_currency=said.stake.currency,
        minimum_age=said.minimum_age,
        policy_name=said.policy_name,
        policy_version=said.policy_version,
        time_zone=said.time_zone,
        opened_at_us=to_us(envelope.occurred_at),
        state=dump(state),
        status=state.status,
    )
    paths = [f"claimed.{name}" for name in _CLAIMED if getattr(said.claimed, name)]
    Fact.objects.bulk_create(_sealed(event, path, name=path, evidence="") for path in paths)


@projects(
    *_RAISING,
    v.DeadlinePassed,
    v.CaseExpired,
    v.CheckCompleted,
    v.WaitingBegan,
    d.DecisionReached,
    d.DecisionExpired,
    d.DecisionCorrected,
)
def _case(event: Event) -> None:
    """Fold the event into the case's state, and note what only commands look at."""
    row = Case.objects.filter(pk=event.envelope.subject).values_list("state", flat=True).first()
    if row is None:
        return
    state = advance(load(bytes(row)), event)
    changes: dict[str, object] = {"state": dump(state), "status": state.status, **_noted(event.message)}
    if isinstance(event.message, _RAISING):
        changes["version"] = F("version") + 1
    Case.objects.filter(pk=event.envelope.subject).update(**changes)


def _noted(message: Message) -> dict[str, object]:
    match message:
        case v.BiometricBasisRecorded():
            return {"biometric_basis": message.basis}
        case v.BiometricBasisWithdrawn():
            return {"biometric_basis": ""}
        case v.DeadlinePassed():
            return {"deadline_passed": True}
        case v.ReviewRequested():
            return {"review_requested": True}
        case v.ReviewConcluded():
            return {"review_requested": False}
        case _:
            return {}


@projects(v.EvidenceReceived)
def _received(event: Event) -> None:
    said, envelope = event.message, event.envelope
    if not isinstance(said, v.EvidenceReceived):
        return
    sha256 = "document_sha256" if said.document_sha256 else "face_sha256"
    Evidence.objects.create(
        id=said.evidence_id,
        case=envelope.subject,
        kind=said.evidence_kind,
        challenge=said.challenge_id,
        keyseq=envelope.keyseq,
        sha256=bytes(sealed_field(event, sha256)),
        size=said.size,
        media_type=said.media_type,
        width_px=said.width_px,
        height_px=said.height_px,
        duration_ms=said.duration_ms,
        received_at_us=to_us(envelope.occurred_at),
    )
    if said.challenge_id:
        Challenge.objects.filter(pk=said.challenge_id).update(answered=True, used_by=said.evidence_id)


@projects(v.EvidenceRefused)
def _refused(event: Event) -> None:
    """A clip came after the case's challenges, if in vain: the next one draws other actions."""
    match event.message:
        case v.EvidenceRefused(evidence_kind="face_video"):
            Challenge.objects.filter(case=event.envelope.subject, answered=False).update(answered=True)


@projects(v.ChallengeDrawn)
def _drawn(event: Event) -> None:
    said, envelope = event.message, event.envelope
    if not isinstance(said, v.ChallengeDrawn):
        return
    Challenge.objects.create(
        id=said.challenge_id,
        case=envelope.subject,
        applicant=envelope.applicant,
        actions=[{"do": action.do, "at_ms": action.at_ms} for action in said.actions],
        record_ms=said.record_ms,
        attempt=said.attempt,
        drawn_at_us=to_us(envelope.occurred_at),
        expires_at_us=said.expires_at_us,
    )


@projects(v.CheckCompleted)
def _completed(event: Event) -> None:
    said, envelope = event.message, event.envelope
    if not isinstance(said, v.CheckCompleted):
        return
    CheckResult.objects.create(
        id=str(envelope.id),
        case=envelope.subject,
        name=said.check,
        status=said.status,
        final=said.final,
        evidence_keyseq=said.evidence_keyseq,
        keyseq=envelope.keyseq,
        said=said.SerializeToString(deterministic=True),
    )


@projects(
    v.DocumentClassified,
    v.FieldsRead,
    v.MachineZoneRead,
    v.PortraitFound,
    v.FaceTrackRead,
    v.AgeEstablished,
)
def _partial(event: Event) -> None:
    Fact.objects.bulk_create(_facts(event))


def _facts(event: Event) -> Iterator[Fact]:
    match event.message:
        case v.DocumentClassified() as said:
            yield _open(event, "document_type", said.document_type, said.confidence_01)
        case v.FieldsRead() as said:
            yield from _fields(event, said.fields, said.evidence_id, prefix="field")
        case v.MachineZoneRead() as said:
            if said.lines:
                yield _sealed(event, "lines", name="mrz", evidence=said.evidence_id)
            yield from _fields(event, said.fields, said.evidence_id, prefix="mrz")
        case v.PortraitFound() as said:
            yield _open(event, "portrait_found", _yes_no(seen=said.found))
        case v.FaceTrackRead() as said:
            yield _open(event, "face_seen", _yes_no(seen=said.seen), said.share_01)
        case v.AgeEstablished() as said:
            yield _open(event, "age_over_minimum", said.over_minimum)


def _fields(event: Event, fields: Sequence[v.Field], evidence: str, *, prefix: str) -> Iterator[Fact]:
    for n, field in enumerate(fields):
        fact = _sealed(event, f"fields.{n}.value", name=f"{prefix}.{field.name}", evidence=evidence)
        fact.confidence_01 = field.confidence_01
        yield fact


def _sealed(event: Event, path: str, *, name: str, evidence: str) -> Fact:
    fact = _fact(event.envelope, path, name, evidence)
    fact.sealed = bytes(sealed_field(event, path))
    return fact


def _open(event: Event, name: str, text: str, confidence_01: float | None = None) -> Fact:
    fact = _fact(event.envelope, name, name, str(getattr(event.message, "evidence_id", "")))
    fact.text, fact.confidence_01 = text, confidence_01
    return fact


def _fact(envelope: Envelope, path: str, name: str, evidence: str) -> Fact:
    return Fact(
        id=f"{envelope.id}:{path}",
        case=envelope.subject,
        name=name,
        evidence=evidence,
        keyseq=envelope.keyseq,
        text="",
    )


def _yes_no(*, seen: bool) -> str:
    return "yes" if seen else "no"


@projects(d.DecisionReached, d.DecisionExpired, d.DecisionCorrected, v.ReviewConcluded)
def _decided(event: Event) -> None:
    decision = decision_of(event)
    if decision is None:
        return
    policy, because = _grounds(event.message)
    Decision.objects.create(
        id=decision.event_id,
        case=event.envelope.subject,
        outcome=decision.outcome,
        state=decision.state,
        by=decision.by,
        policy_name=policy.name,
        policy_version=policy.version,
        missing=list(decision.missing),
        because=because,
        reasons=list(decision.reasons),
        expires_at_us=decision.expires_at_us,
        keyseq=decision.keyseq,
    )


def _grounds(message: Message) -> tuple[d.PolicyVersion, list[str]]:
    """Tell which policy decided, none for a person, and the ids of the events that it rests on."""
    match message:
        case d.DecisionReached() | d.DecisionCorrected() as said:
            return said.policy, list(said.because)
        case d.DecisionExpired() as said:
            return said.policy, [said.decision_id]
        case _:
            return d.PolicyVersion(), []
