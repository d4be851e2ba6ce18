"""What a phone may read of its own case: an allow-list, never check status, scores, models or policies."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from streaming.words import Json, Kind, encode

__all__ = ["PhoneRecord", "shown_to_phone"]

# One neutral text each: nothing here says which cue was seen. A decline by a policy carries the right to ask
# for a person.
_OUTCOMES: Final[dict[str, tuple[str, str]]] = {
    "approve": ("approved", "Thank you. You are verified."),
    "refer": ("in_review", "Thank you. A person will take a look."),
    "decline": ("not_approved", "We could not verify you. You may ask for a person to take a look."),
}
_NOT_BY_A_PERSON: Final = ("not_approved", "We could not verify you. A person has taken a look.")
_PENDING: Final = ("pending", "Thank you. We are still checking.")
_OWN: Final = "field."


@dataclass(frozen=True, slots=True)
class PhoneRecord:
    """A record as the phone may see it: its kind, its public JSON, and the sealed values it may see."""

    kind: str
    body: bytes
    personal: bytes


def shown_to_phone(body: bytes, personal: bytes) -> PhoneRecord | None:
    """Give a record as the phone may see it; None: it may not see it.

    Args:
        body: the public JSON of the client's record.
        personal: its sealed values; kept for fields alone, which are the applicant's own.
    """
    record = json.loads(body)
    shown = _shown(record["kind"], record["data"])
    if shown is None:
        return None
    kind, data = shown
    own = record["kind"] == Kind.PARTIAL and record["data"]["fact"].startswith(_OWN)
    return PhoneRecord(kind, encode({**record, "kind": kind, "data": data}), personal if own else b"")


def _shown(kind: str, data: dict[str, Json]) -> tuple[str, Json] | None:
    if kind in {Kind.CASE, Kind.EVIDENCE}:
        return kind, data
    if kind == Kind.PARTIAL:
        return kind, {"fact": data["fact"], "evidence": data["evidence"]}
    if kind == Kind.WAITING:
        return kind, {name: value for name, value in data.items() if name != "for"}
    return _outcome(data) if kind == Kind.DECISION else None


def _outcome(data: dict[str, Json]) -> tuple[str, Json] | None:
    """Tell a decision in neutral words, once it is worth telling: an unsettled referral is not."""
    outcome = str(data["outcome"])
    if outcome != "approve" and data["missing"]:
        return None
    word, message = _OUTCOMES[outcome]
    if data["state"] == "expired":
        word, message = _PENDING
    elif outcome == "decline" and data["by"] == "reviewer":
        word, message = _NOT_BY_A_PERSON
    return Kind.OUTCOME, {"outcome": word, "message": message}
