"""Events for tests: a case opened with personal claims, and facts without any."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from events.journal import Draft
from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as v

__all__ = ["CASE", "NOW", "by", "opened", "received", "submitted"]

NOW = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
CASE = "0196a3c0-0000-7000-8000-000000000001"


def opened(
    case: str = CASE, *, applicant: str = "applicant-1", name: str = "Ada", event_id: UUID | None = None
) -> Draft:
    """A case with claims in clear."""
    claimed = v.Claimed(
        given_names=name.encode(), family_name=b"Lovelace", email=b"ada@example.org", locale="en"
    )
    message = v.CaseOpened(reference="r-1", live=True, claimed=claimed, time_zone="Europe/London")
    return Draft(message=message, subject=case, client="cl_1", applicant=applicant, id=event_id)


def submitted(case: str = CASE, *, by: str = "client", event_id: UUID | None = None) -> Draft:
    """A fact that says nothing personal."""
    return Draft(message=v.CaseSubmitted(by=by), subject=case, client="cl_1", id=event_id)


def by(event: Event) -> str:
    """Tell who says a fact of `submitted`."""
    assert isinstance(event.message, v.CaseSubmitted), f"{event.envelope.type} is no submission"
    return event.message.by


def received(case: str = CASE, *, applicant: str = "applicant-1") -> Draft:
    """Evidence with a hash of a face."""
    message = v.EvidenceReceived(evidence_id="e-1", evidence_kind="face_video", face_sha256=b"\1" * 32)
    return Draft(message=message, subject=case, client="cl_1", applicant=applicant)
