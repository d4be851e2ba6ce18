"""Turns what happened inside into what a client may read: a sanitising projection, pure; its first version.

Once it has spoken it never changes: another way to say things is another version (see `versions.py`).
The public words are written out here one by one: renaming an internal field leaves the public bytes alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from google.protobuf.message import Message

from protocol.case_state import CaseState
from protocol.schemas import client_v1_pb2 as client
from protocol.schemas import dependency_v1_pb2 as dependency
from protocol.schemas import streaming_v1_pb2 as streaming
from protocol.schemas import verification_v1_pb2 as verification
from streaming.words import (
    CaseContext,
    Form,
    Json,
    Kind,
    NumberOf,
    Personal,
    PublicRecord,
    reason_said,
    rfc3339,
)
from streaming.writing.decided import decided

__all__ = ["SILENT", "STATUS_ONLY", "NumberOf", "project", "status_record"]

# The events that make no record but that of a new status, when there is one.
STATUS_ONLY: Final[frozenset[type[Message]]] = frozenset(
    {
        verification.CaseOpened,
        verification.CaseSubmitted,
        verification.ReviewRequested,
        verification.CaseWithdrawn,
        verification.CaseExpired,
    }
)
# The events that make no record at all.
SILENT: Final[frozenset[type[Message]]] = frozenset(
    {
        client.ClientAdded,
        client.KeyIssued,
        client.KeyRevoked,
        client.ReviewersSwitched,
        verification.CaptureTokenIssued,
        verification.BiometricBasisRecorded,
        verification.BiometricBasisWithdrawn,
        verification.ChallengeDrawn,
        verification.DeadlinePassed,
        verification.PageRectified,
        verification.PictureGraded,
        dependency.CallAsked,
        dependency.CallAnswered,
        dependency.CallFailed,
        dependency.FallbackTaken,
        streaming.RecordsExpired,
        streaming.ProjectionAdopted,
    }
)
# Statuses after which no other is expected.
_ENDED: Final = frozenset({"decided", "checked", "withdrawn", "expired", "erased"})


def project(
    message: Message, context: CaseContext, state: CaseState, number_of: NumberOf
) -> tuple[list[PublicRecord], CaseContext]:
    """Give the records that an event of a case makes, and what is known of the case after it.

    Args:
        message: what the event says, its personal fields sealed.
        context: what was known before.
        state: the case with this event folded in.
        number_of: finds the records a decision rests on.
    """
    if (told := decided(message, state, number_of)) is not None:
        return told, context
    match message:
        case verification.EvidenceReceived() | verification.EvidenceRefused():
            return [_evidence(message)], context
        case verification.FieldsRead():
            return _fields(message.evidence_id, "fields", message.fields, context)
        case verification.MachineZoneRead():
            return _machine_zone(message, context)
        case verification.CheckCompleted():
            return [_check(message, state)], context
        case _:
            return _partial(message), context


def status_record(status: str) -> PublicRecord:
    """Tell that a case has a new status."""
    return PublicRecord(kind=Kind.CASE, data={"status": status}, final=status in _ENDED)


def _evidence(message: verification.EvidenceReceived | verification.EvidenceRefused) -> PublicRecord:
    data: dict[str, Json] = {"id": None, "kind": message.evidence_kind, "accepted": False}
    if isinstance(message, verification.EvidenceReceived):
        data |= {"id": message.evidence_id, "accepted": True}
    else:
        data["code"] = message.code
    return PublicRecord(kind=Kind.EVIDENCE, data=data, final=True)


def _partial(message: Message) -> list[PublicRecord]:
    """Tell the facts of one step that are not personal; a step that could not answer tells none."""
    match message:
        case verification.DocumentClassified(unavailable=""):
            extra: dict[str, Json] = {"confidence": round(message.confidence_01, 3)}
            return [_fact("document_type", message.evidence_id, message.document_type, extra)]
        case verification.PortraitFound(unavailable=""):
            return [_fact("portrait_found", message.evidence_id, message.found)]
        case verification.FaceTrackRead(unavailable=""):
            return [_fact("face_seen", message.evidence_id, message.seen)]
        case verification.AgeEstablished():
            return [_fact("age_over_minimum", message.evidence_id or None, message.over_minimum)]
        case verification.WaitingBegan():
            return [_waiting(message)]
        case _:
            return []


def _fact(fact: str, evidence: str | None, value: Json, extra: dict[str, Json] | None = None) -> PublicRecord:
    data: dict[str, Json] = {"fact": fact, "evidence": evidence, "value": value, **(extra or {})}
    return PublicRecord(kind=Kind.PARTIAL, data=data, final=True)


def _fields(
    evidence: str, path: str, fields: Iterable[verification.Field], context: CaseContext
) -> tuple[list[PublicRecord], CaseContext]:
    """Tell each field once for a picture: what print and zone both say, by the one that was read first."""
    records = []
    said = set(context.said)
    for index, field in enumerate(fields):
        name = f"{evidence}/{field.name}"
        if name not in said:
            said.add(name)
            records.append(_field(evidence, f"{path}.{index}.value", field))
    return records, replace(context, said=frozenset(said))


def _field(evidence: str, path: str, field: verification.Field) -> PublicRecord:
    data: dict[str, Json] = {"fact": f"field.{field.name}", "evidence": evidence}
    data["confidence"] = round(field.confidence_01, 3)
    value = Personal(at=("value",), path=path)
    return PublicRecord(kind=Kind.PARTIAL, data=data, final=True, personal=(value,))


def _machine_zone(
    message: verification.MachineZoneRead, context: CaseContext
) -> tuple[list[PublicRecord], CaseContext]:
    if message.unavailable or not message.format:
        return [], context
    zone: dict[str, Json] = {"format": message.format, "check_digits_ok": message.check_digits_ok}
    lines = Personal(at=("value", "lines"), path="lines", form=Form.LINES)
    first = replace(_fact("mrz", message.evidence_id, zone), personal=(lines,))
    if not message.check_digits_ok:
        return [first], context
    records, after = _fields(message.evidence_id, "fields", message.fields, context)
    return [first, *records], after


def _check(message: verification.CheckCompleted, state: CaseState) -> PublicRecord:
    data: dict[str, Json] = {
        "check": message.check,
        "status": message.status,
        "breakdown": {
            part.name: {"status": part.status, "reasons": [why.code for why in part.reasons]}
            for part in message.breakdown
        },
        "reasons": [reason_said(code) for code in dict.fromkeys(why.code for why in message.reasons)],
        "evidence": list(message.evidence_ids),
        "model": message.model,
    }
    final = message.final and state.counts(message.check, message.evidence_keyseq)
    return PublicRecord(kind=Kind.CHECK, data=data, final=final)


def _waiting(message: verification.WaitingBegan) -> PublicRecord:
    data: dict[str, Json] = {"for": message.dependency, "until": rfc3339(message.until_us)}
    data["fallback"] = message.fallback
    return PublicRecord(kind=Kind.WAITING, data=data, final=False)
