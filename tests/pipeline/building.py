"""Facts of a case for judges: said to a real journal, so that personal values are really sealed."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.message import Message

from events import journal
from protocol.schemas import verification_v1_pb2 as v
from verification.pipeline.facts import Facts, name_of

__all__ = ["EVIDENCE", "NOW", "classified", "facts_of", "fields", "graded", "opened", "zone"]

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
EVIDENCE = "0197a000-0000-7000-8000-00000000000e"

LICENCE = {
    "family_name": "HOLLOWAY",
    "given_names": "THEODORE MILES",
    "date_of_birth": "1961-03-14",
    "issue_date": "2024-05-17",
    "expiry_date": "2034-05-16",
    "driver_number": "HOLLO603141TM9KD",
}


def facts_of(*messages: Message) -> Facts:
    """Say messages about one case, and give the facts a step would know of it."""
    drafts = [
        journal.Draft(message=m, subject="case-1", client="cl_0000000000000000", applicant="applicant-1")
        for m in messages
    ]
    return Facts({name_of(event): event for event in journal.record(drafts, now=NOW)})


def opened(*, minimum_age: int = 0, time_zone: str = "Europe/London", **claimed: str) -> v.CaseOpened:
    """Make a case's opening with what its applicant claims."""
    values = {name: value.encode() for name, value in claimed.items()}
    return v.CaseOpened(
        reference="r-1",
        live=True,
        minimum_age=minimum_age,
        time_zone=time_zone,
        claimed=v.Claimed(**values),  # type: ignore[arg-type]  # all of its personal fields are bytes
    )


def classified(document_type: str = "uk_driving_licence") -> v.DocumentClassified:
    """Make the classification of a front."""
    return v.DocumentClassified(
        evidence_id=EVIDENCE,
        evidence_keyseq=7,
        evidence_kind="document_front",
        document_type=document_type,
        corners_px=[0.0] * 8,
    )


def graded(
    evidence_kind: str = "document_front", *, status: str = "clear", code: str = ""
) -> v.PictureGraded:
    """Make the grades of one picture."""
    reasons = [v.Reason(code=code)] if code else []
    return v.PictureGraded(
        evidence_id=EVIDENCE,
        evidence_keyseq=7,
        evidence_kind=evidence_kind,
        quality=[v.Breakdown(name="sharpness", status=status, reasons=reasons)],
    )


def fields(
    values: dict[str, str], *, document_type: str = "uk_driving_licence", unavailable: str = ""
) -> v.FieldsRead:
    """Make the fields that were read from a front."""
    return v.FieldsRead(
        evidence_id=EVIDENCE,
        evidence_keyseq=7,
        evidence_kind="document_front",
        document_type=document_type,
        fields=[
            v.Field(name=name, value=value.encode(), confidence_01=0.9) for name, value in values.items()
        ],
        fixed_texts=["DRIVING LICENCE"] if document_type == "uk_driving_licence" else [],
        unavailable=unavailable,
    )


def zone(values: dict[str, str] | None = None, *, ok: bool = True) -> v.MachineZoneRead:
    """Make what was read from a front's machine-readable zone; no values: it has none."""
    read = values or {}
    return v.MachineZoneRead(
        evidence_id=EVIDENCE,
        evidence_keyseq=7,
        evidence_kind="document_front",
        format="TD3" if read else "",
        lines=b"P<GBR" if read else b"",
        check_digits_ok=bool(read) and ok,
        wrong_check_digits=[] if ok else ["date_of_birth"],
        fields=[v.Field(name=name, value=value.encode(), confidence_01=0.9) for name, value in read.items()],
    )
