"""The door for reading: cases, evidence and what a phone still has to do, as values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from events.keys import data_key
from protocol.checks import Slot, slot_of
from protocol.ids import from_us, to_us
from protocol.problems import Refused
from verification import challenge, rows
from verification.models import Case, Evidence
from verification.receiving import class_of, evidence_store

__all__ = [
    "Listed",
    "Needs",
    "Original",
    "Owner",
    "Wanted",
    "list_cases",
    "needs_of",
    "original_of",
    "owner_of",
]

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose case it is."""

    client: str
    live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A case in a client's list."""

    id: str
    reference: str
    applicant: str
    status: str
    version: int
    live: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which of a client's cases to list; empty and None: any. `before` is the id that ended the last page."""

    reference: str = ""
    status: str = ""
    created_after: datetime | None = None
    before: str = ""


@dataclass(frozen=True, slots=True)
class Original:
    """Evidence byte for byte as it was sent."""

    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Needs:
    """What a phone still has to send, and how many challenges it may still ask for."""

    kinds: tuple[str, ...]
    challenge_attempts_left: int


def owner_of(case: str) -> Owner | None:
    """Tell whose a case is; None: there is no such case."""
    found = Case.objects.filter(pk=case).values_list("client", "live").first()
    return None if found is None else Owner(*found)


def list_cases(client: str, *, live: bool, wanted: Wanted) -> tuple[Listed, ...]:
    """List a client's cases, live or test ones, newest first, at most 50."""
    found = Case.objects.filter(client=client, live=live)
    exact = {"reference": wanted.reference, "status": wanted.status}
    found = found.filter(**{name: value for name, value in exact.items() if value})
    if wanted.before:
        found = found.filter(id__lt=wanted.before)
    if wanted.created_after is not None:
        found = found.filter(opened_at_us__gt=to_us(wanted.created_after))
    return tuple(_listed(found.order_by("-id")[:PAGE_SIZE]))


def original_of(case: str, evidence_id: str) -> Original:
    """Read evidence as it was sent; record the view before it is shown.

    Raises:
        Refused: `not_found`: the case has no such evidence.
        Erased: the applicant's keys were destroyed.
        KeysAway: the key store cannot be asked now.
        EvidenceMissing, EvidenceDamaged: the store has lost it.
    """
    row = Evidence.objects.filter(pk=evidence_id, case=case).first()
    if row is None:
        raise Refused("not_found", "the case has no evidence of that id")
    key = data_key(rows.existing(case).applicant, class_of(row.kind), create=False)
    return Original(evidence_store().open(row.id, key), row.media_type)


def needs_of(case: str) -> Needs:
    """Tell what a phone still has to send: a document's front and a clip, while evidence is taken.

    Raises:
        Refused: `not_found`.
    """
    standing = rows.standing_of(case)
    left = max(0, challenge.MOST_PER_CASE - len(rows.challenges_of(case)))
    if standing.over or standing.state.submitted_at_us:
        return Needs((), left)
    there = {slot_of(held.kind) for held in standing.state.evidence.values()}
    asked = (("document_front", Slot.FRONT), ("face_video", Slot.FACE))
    return Needs(tuple(kind for kind, slot in asked if slot not in there), left)


def _listed(found: Iterable[Case]) -> Iterable[Listed]:
    return (
        Listed(
            id=row.id,
            reference=row.reference,
            applicant=row.applicant,
            status=row.status,
            version=row.version,
            live=row.live,
            created_at=from_us(row.opened_at_us),
        )
        for row in found
    )
