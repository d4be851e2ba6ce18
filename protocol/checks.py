"""The nine checks, how an answer is graded, and which evidence each rests on."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

__all__ = ["CHECKS", "CHECK_SLOTS", "GRADES", "Check", "Grade", "Slot", "slot_of", "worst"]


class Check(StrEnum):
    """A question put to evidence."""

    DOCUMENT = "document"
    QUALITY = "quality"
    CONSISTENCY = "consistency"
    COMPARISON = "comparison"
    AGE = "age"
    TAMPER = "tamper"
    LIVENESS = "liveness"
    FACE_MATCH = "face_match"
    REGISTER = "register"


class Grade(StrEnum):
    """How a check, or a part of one, ended."""

    REJECTED = "rejected"
    SUSPECTED = "suspected"
    UNAVAILABLE = "unavailable"
    CAUTION = "caution"
    CLEAR = "clear"
    NOT_APPLICABLE = "not_applicable"


class Slot(StrEnum):
    """What a case has one of: the newest evidence in a slot is the one that counts."""

    FRONT = "front"
    BACK = "back"
    FACE = "face"


CHECKS: tuple[Check, ...] = tuple(Check)
# Worst first; a check that is not applicable has no worse part.
GRADES: tuple[Grade, ...] = tuple(Grade)

CHECK_SLOTS: dict[Check, frozenset[Slot]] = {
    Check.DOCUMENT: frozenset({Slot.FRONT}),
    Check.QUALITY: frozenset({Slot.FRONT}),
    Check.CONSISTENCY: frozenset({Slot.FRONT}),
    Check.COMPARISON: frozenset({Slot.FRONT}),
    Check.AGE: frozenset({Slot.FRONT}),
    Check.TAMPER: frozenset({Slot.FRONT}),
    Check.LIVENESS: frozenset({Slot.FACE}),
    Check.FACE_MATCH: frozenset({Slot.FRONT, Slot.FACE}),
    Check.REGISTER: frozenset({Slot.FRONT}),
}

_SLOTS = {
    "document_front": Slot.FRONT,
    "document_back": Slot.BACK,
    "face_video": Slot.FACE,
    "face_photo": Slot.FACE,
}


def slot_of(evidence_kind: str) -> Slot:
    """Tell which slot a kind of evidence fills.

    Raises:
        KeyError: it is no kind of evidence.
    """
    return _SLOTS[evidence_kind]


def worst(grades: Iterable[str]) -> Grade:
    """Grade a whole by its parts: the worst of them; not applicable when there is none."""
    return min((Grade(g) for g in grades), key=GRADES.index, default=Grade.NOT_APPLICABLE)
