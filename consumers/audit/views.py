"""Who saw what, when, on what ground: each answer held against the log before it is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from google.protobuf.message import DecodeError

from consumers.audit.log import VIEWED
from protocol.ids import from_us
from protocol.schemas.verification_v1_pb2 import PersonalDataViewed
from subscriber import Row, Store

__all__ = ["Asked", "View", "views"]

# From the log, not from what is kept beside it: a view whose payload was taken away is told too.
_SQL: Final = f"""
    SELECT e.number, e.id, e.subject, e.client, e.applicant, e.occurred_at_us, e.payload_sha256, v.payload
    FROM audit_entry AS e LEFT JOIN audit_view AS v ON v.number = e.number
    WHERE e.type = '{VIEWED}' AND (? = '' OR v.staff IS NULL OR v.staff = ?) AND (? = '' OR e.subject = ?)
    AND (? = '' OR e.applicant = ?) AND (? = '' OR e.client = ?) ORDER BY e.number
"""  # noqa: S608 - ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which views are asked for; what is empty does not matter."""

    staff: str = ""
    case: str = ""
    applicant: str = ""
    client: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A view of personal data, of entry `number`; `altered`: what it says is gone, or not what was logged."""

    number: int
    event: str
    at: datetime
    staff: str
    what: str
    evidence: str
    ground: str
    case: str
    client: str
    applicant: str
    altered: bool


def views(store: Store, asked: Asked) -> Iterator[View]:
    """List views, oldest first."""
    wanted = (asked.staff, asked.case, asked.applicant, asked.client)
    for row in store.execute(_SQL, [value for value in wanted for _ in range(2)]):
        yield _view(row)


def _view(row: Row) -> View:
    number, event, case, client, applicant, at_us, hashed, data = row
    payload = b"" if data is None else bytes(memoryview(data))
    try:
        said = PersonalDataViewed.FromString(payload)
    except DecodeError:
        said = PersonalDataViewed(what="something that this build cannot read")
    return View(
        number=int(number),
        event=str(event),
        at=from_us(int(at_us)),
        staff=said.staff_id,
        what=said.what,
        evidence=said.evidence_id,
        ground=said.ground,
        case=str(case),
        client=str(client),
        applicant=str(applicant),
        altered=data is None or sha256(payload).hexdigest() != hashed,
    )
