"""Events of made-up cases, as the other rooms would say them."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from protocol.ids import to_us
from protocol.schemas import decisions_v1_pb2 as decisions
from protocol.schemas import verification_v1_pb2 as verification

__all__ = [
    "age",
    "classified",
    "completed",
    "concluded",
    "corrected",
    "fields",
    "opened",
    "policy",
    "portrait",
    "reached",
    "received",
    "waiting",
    "zone",
]

UNTIL = datetime(2026, 1, 2, 0, 15, tzinfo=UTC)
EVIDENCE = "0190f3a0-0000-7000-8000-0000000000e1"


def opened(*, live: bool = True, policy: str = "full", reference: str = "order-1") -> verification.CaseOpened:
    return verification.CaseOpened(
        reference=reference,
        live=live,
        stake=verification.Money(amount="2.00", currency="GBP"),
        claimed=verification.Claimed(given_names=b"ADA", family_name=b"LOVELACE"),
        policy_name=policy,
        policy_version=1,
    )


def received(kind: str = "document_front", evidence: str = "") -> verification.EvidenceReceived:
    name = evidence or str(uuid4())
    return verification.EvidenceReceived(evidence_id=name, evidence_kind=kind, media_type="image/jpeg")


def classified(evidence: str = EVIDENCE) -> verification.DocumentClassified:
    return verification.DocumentClassified(
        evidence_id=evidence, document_type="uk_driving_licence", side="front", confidence_01=0.98765
    )


def fields(*values: tuple[str, str], evidence: str = EVIDENCE) -> verification.FieldsRead:
    read = [verification.Field(name=n, value=v.encode(), confidence_01=0.9) for n, v in values]
    return verification.FieldsRead(evidence_id=evidence, document_type="uk_driving_licence", fields=read)


def zone(*, right: bool = True, evidence: str = EVIDENCE) -> verification.MachineZoneRead:
    name = verification.Field(name="family_name", value=b"LOVELACE", confidence_01=1.0)
    lines = b"P<GBRLOVELACE<<ADA\n1234567897GBR"
    return verification.MachineZoneRead(
        evidence_id=evidence, format="TD3", lines=lines, check_digits_ok=right, fields=[name]
    )


def portrait(evidence: str = EVIDENCE) -> verification.PortraitFound:
    return verification.PortraitFound(evidence_id=evidence, found=True)


def age(over: str = "yes", evidence: str = EVIDENCE) -> verification.AgeEstablished:
    return verification.AgeEstablished(evidence_id=evidence, over_minimum=over)


def waiting(*, evidence_keyseq: int = 2, until: datetime = UNTIL) -> verification.WaitingBegan:
    return verification.WaitingBegan(
        check="register",
        dependency="licence_register",
        evidence_keyseq=evidence_keyseq,
        until_us=to_us(until),
        fallback="unavailable",
    )


def completed(
    check: str = "tamper", status: str = "suspected", *, evidence_keyseq: int = 2, final: bool = True
) -> verification.CheckCompleted:
    codes = [] if status == "clear" else ["portrait_substituted"]
    reasons = [verification.Reason(code=code, evidence_id=EVIDENCE) for code in codes]
    part = verification.Breakdown(name="ghost_match", status=status, reasons=reasons, score=0.42)
    return verification.CheckCompleted(
        check=check,
        status=status,
        breakdown=[part],
        reasons=reasons,
        evidence_ids=[EVIDENCE],
        evidence_keyseq=evidence_keyseq,
        model=f"{check} 1",
        final=final,
    )


def concluded(
    outcome: str = "approve", *, reasons: tuple[str, ...] = (), corrects: str = ""
) -> verification.ReviewConcluded:
    return verification.ReviewConcluded(
        by="client", reviewer_id="ak_1", outcome=outcome, reasons=reasons, corrects=corrects
    )


def corrected(decision: str, outcome: str = "refer") -> decisions.DecisionCorrected:
    return decisions.DecisionCorrected(decision_id=decision, outcome=outcome, policy=policy())


def policy() -> decisions.PolicyVersion:
    return decisions.PolicyVersion(name="full", version=1)


def reached(
    outcome: str = "approve",
    state: str = "final",
    *,
    because: tuple[str, ...] = (),
    missing: tuple[str, ...] = (),
) -> decisions.DecisionReached:
    ends_us = 1_800_000_000_000_000 if state == "provisional" and outcome == "approve" else 0
    return decisions.DecisionReached(
        outcome=outcome, state=state, policy=policy(), because=because, missing=missing, expires_at_us=ends_us
    )
