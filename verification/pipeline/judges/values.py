"""The values a document says of its holder, opened for as long as a judgement takes."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from google.protobuf.message import Message

from events.sealing import unseal
from protocol.schemas import verification_v1_pb2 as v
from verification.pipeline.facts import Facts

__all__ = ["Claims", "Values", "as_date", "claims", "letters", "values"]

M = TypeVar("M", bound=Message)

_APOSTROPHES = "'\u2019\u02bc"


@dataclass(frozen=True, slots=True)
class Values:
    """Field values of the front by name, the machine-readable zone's first where its check digits agree."""

    by_name: dict[str, str]
    evidence: str
    document_type: str
    unavailable: str

    def get(self, name: str) -> str:
        """Give a value; empty when it was not read."""
        return self.by_name.get(name, "")


@dataclass(frozen=True, slots=True)
class Claims:
    """What the applicant says of themselves, by field name; what they did not say is missing."""

    by_name: dict[str, str]


def values(facts: Facts) -> Values:
    """Open what was read from the front.

    Raises:
        KeysAway: the key store cannot be asked now: wait and come again.
        Erased: the applicant's keys were destroyed: there is nothing left to judge.
    """
    fields = _opened(facts, "fields:front", v.FieldsRead)
    zone = (
        _opened(facts, "zone:front", v.MachineZoneRead)
        if "zone:front" in facts.events
        else v.MachineZoneRead()
    )
    read = {f.name: f.value.decode() for f in fields.fields}
    if zone.check_digits_ok:
        read |= {f.name: f.value.decode() for f in zone.fields}
    nothing = "" if read else fields.unavailable or zone.unavailable or "unreadable"
    return Values(read, fields.evidence_id, fields.document_type, nothing)


def claims(facts: Facts) -> Claims:
    """Open what the applicant claimed; raises as `values` does."""
    claimed = _opened(facts, "opened", v.CaseOpened).claimed
    named = ("given_names", "family_name", "date_of_birth", "document_number")
    opened = {name: getattr(claimed, name).decode() for name in named}
    return Claims({name: value for name, value in opened.items() if value})


def letters(text: str) -> tuple[str, ...]:
    """Split a name into words of plain capitals: accents, points and hyphens do not tell people apart.

    Apostrophes join, the straight one and the one that phones set in its place.
    """
    plain = unicodedata.normalize("NFKD", text.upper())
    kept = "".join(
        c if c.isalpha() else " " for c in plain if not unicodedata.combining(c) and c not in _APOSTROPHES
    )
    return tuple(kept.split())


def as_date(text: str) -> date | None:
    """Read an ISO date; None when it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _opened(facts: Facts, name: str, kind: type[M]) -> M:
    message = unseal(facts.events[name])
    if not isinstance(message, kind):
        raise TypeError(f"fact {name} carries {type(message).__name__}, not {kind.__name__}")
    return message
