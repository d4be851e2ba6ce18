"""What is known of the applicant: claimed and read side by side, opened only while the page is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from events.errors import DoesNotOpen, Erased, KeysAway, NeverMade
from events.keys import data_key
from events.sealing import Sealed
from protocol.catalogue import PersonalClass
from protocol.checks import Check
from verification.models import Fact
from verification.review.checks import CheckShown
from verification.review.words import label

__all__ = ["Row", "Value", "lock_of", "locks_of", "rows_of"]

_ERASED = "Erased: the applicant's keys were destroyed, nothing brings this back."
_AWAY = "The key store does not answer: nothing personal can be shown now. Come again in a minute."
_NOT_KEPT = "Nothing of this kind was kept."

_ORDER = (
    "given_names",
    "family_name",
    "date_of_birth",
    "document_number",
    "driver_number",
    "sex",
    "nationality",
    "issue_date",
    "expiry_date",
    "authority",
    "address",
    "email",
    "phone",
)
_MARKS = {"clear": "matches", "claim_mismatch": "differs", "claim_not_read": "not_read"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value in clear, or in `why` what stands between us and it; never in its representation."""

    text: str = field(default="", repr=False)
    why: str = ""
    confidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One field as it was claimed, printed, and in the machine-readable zone; None: not there.

    `mark` says how the comparison ended: matches, differs, not_read; empty: it was not compared.
    """

    name: str
    claimed: Value | None
    printed: Value | None
    zone: Value | None
    mark: str


def lock_of(applicant: str, personal: PersonalClass) -> str:
    """Say what stands between us and an applicant's values of a class; empty: nothing."""
    try:
        data_key(applicant, personal, create=False)
    except Erased:
        return _ERASED
    except KeysAway:
        return _AWAY
    except NeverMade:
        return _NOT_KEPT
    return ""


def locks_of(applicant: str) -> tuple[str, ...]:
    """Say which of an applicant's values cannot be shown, and why: a sentence a cause; empty: all can."""
    found: dict[str, list[str]] = {}
    for personal in PersonalClass:
        found.setdefault(lock_of(applicant, personal), []).append(personal)
    return tuple(f"{label(', '.join(found[why]))}: {why}" for why in (_ERASED, _AWAY) if why in found)


def rows_of(case: str, front: str, checks: Iterable[CheckShown]) -> tuple[Row, ...]:
    """Open what was claimed, and what was read from a document's front.

    Args:
        case: its id.
        front: id of the front that counts; empty: there is none.
        checks: of the case; `comparison` says what matches.
    """
    facts = Fact.objects.filter(case=case, sealed__isnull=False, evidence__in=["", front])
    found = {fact.name: fact for fact in facts.order_by("keyseq")}
    names = dict.fromkeys(name.partition(".")[2] or name for name in found)
    marks = _marks(checks)
    return tuple(_row(name, found, marks) for name in sorted(names, key=_place))


def _place(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)


def _marks(checks: Iterable[CheckShown]) -> dict[str, str]:
    """Take from the comparison how each claimed field fared."""
    parts = (part for check in checks if check.name == Check.COMPARISON for part in check.parts)
    return {p.name: _MARKS.get(p.reasons[0].code if p.reasons else p.status, "") for p in parts}


def _row(name: str, found: Mapping[str, Fact], marks: Mapping[str, str]) -> Row:
    return Row(
        name=label(name),
        claimed=_value(found.get(f"claimed.{name}")),
        printed=_value(found.get(f"field.{name}")),
        # The zone's whole text is a fact of its own, named without a field.
        zone=_value(found.get(f"mrz.{name}") or (found.get(name) if name == "mrz" else None)),
        mark=marks.get(name, ""),
    )


def _value(fact: Fact | None) -> Value | None:
    if fact is None or fact.sealed is None:
        return None
    try:
        text = Sealed.from_bytes(bytes(fact.sealed)).open().decode()
    except Erased:
        return Value(why="erased")
    except (KeysAway, NeverMade):
        return Value(why="cannot be read now")
    except DoesNotOpen:
        return Value(why="damaged: does not open")
    sure = "" if fact.confidence_01 is None else f"{fact.confidence_01:.0%}"
    return Value(text=text, confidence=sure)
