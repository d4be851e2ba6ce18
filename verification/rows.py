"""Reads the rows that commands look at, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from events import journal
from events.errors import Erased
from events.sealing import Sealed
from protocol.case_state import load
from protocol.ids import from_us
from protocol.problems import Refused
from protocol.schemas.verification_v1_pb2 import Action
from verification.decide import Drawn, Standing
from verification.models import Case, Challenge, Evidence

__all__ = ["Receipt", "challenges_of", "days_of", "existing", "held", "same_bytes", "standing_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the sender of a file is told: its id, its SHA-256, its bytes, and what it was judged to be."""

    id: str
    sha256: bytes
    size: int
    media_type: str


def existing(case: str) -> Case:
    """Give a case's row.

    Raises:
        Refused: `not_found`.
    """
    row = Case.objects.filter(pk=case).first()
    if row is None:
        raise Refused("not_found", "there is no case of that id")
    return row


def standing_of(case: str) -> Standing:
    """Tell where a case stands.

    Raises:
        Refused: `not_found`.
    """
    row = existing(case)
    return Standing(
        case=row.id,
        client=row.client,
        applicant=row.applicant,
        live=row.live,
        state=load(bytes(row.state)),
        minimum_age=row.minimum_age,
        time_zone=row.time_zone,
        basis=bool(row.biometric_basis),
        deadline_passed=row.deadline_passed,
    )


def held(case: str, *, with_applicant: bool = False) -> Standing:
    """Tell where a case stands, and keep it so until the caller's transaction ends: to decide on it.

    Args:
        case: its id.
        with_applicant: also keep others from deciding about the applicant, in this case or another.

    Raises:
        Refused: `not_found`.
    """
    # Whose case it is never changes, so it may be read before.
    journal.hold(case, *([existing(case).applicant] if with_applicant else []))
    return standing_of(case)


def challenges_of(case: str) -> Sequence[Drawn]:
    """List a case's challenges, oldest first."""
    return [
        Drawn(
            id=row.id,
            actions=tuple(Action(do=action["do"], at_ms=action["at_ms"]) for action in row.actions),
            attempt=row.attempt,
            expires_at=from_us(row.expires_at_us),
            answered=row.answered,
            used=bool(row.used_by),
        )
        for row in Challenge.objects.filter(case=case).order_by("attempt")
    ]


def days_of(applicant: str, since_us: int) -> Sequence[datetime]:
    """Tell when an applicant's challenges were drawn since a moment, oldest first."""
    rows = Challenge.objects.filter(applicant=applicant, drawn_at_us__gt=since_us).order_by("drawn_at_us")
    return [from_us(us) for us in rows.values_list("drawn_at_us", flat=True)]


def same_bytes(case: str, sha256: bytes, size: int) -> Receipt | None:
    """Find the receipt of the same bytes in a case; hashes lie sealed, so each candidate's is opened.

    Raises:
        KeysAway: the key store cannot be asked now.
    """
    for row in Evidence.objects.filter(case=case, size=size):
        if _opened(row) == sha256:
            return Receipt(id=row.id, sha256=sha256, size=row.size, media_type=row.media_type)
    return None


def _opened(row: Evidence) -> bytes | None:
    """Open the hash of evidence; None: its key was destroyed, and what it was nobody can tell."""
    try:
        return Sealed.from_bytes(bytes(row.sha256)).open()
    except Erased:
        return None
