"""What two cases have in common, and what is said of it: the rules, in one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import product
from typing import Final

import numpy as np

from consumers.fraud.book import NEAR_FACE, Known
from consumers.fraud.faces import vector_of
from consumers.fraud.fingerprints import Details, Number, dice
from consumers.fraud.signals import Kind

__all__ = ["MODEL", "RULES", "SAME_FACE", "Rule", "Verdict", "compare", "rule_of"]

MODEL: Final = "fraud-1"
# The face match's clear band. Nearer, two templates are one person's; beyond NEAR_FACE they are two people's.
SAME_FACE: Final = 0.45
# So alike two numbers may be one that was misread: two places of sixteen.
_MISREAD: Final = 0.70


class Verdict(Enum):
    """What comparing one kind of signal gives."""

    SAME = "same"
    OTHER = "other"
    UNSURE = "unsure"
    UNKNOWN = "unknown"


_SAME, _OTHER = frozenset({Verdict.SAME}), frozenset({Verdict.OTHER})
_NOT_SAME = frozenset(Verdict) - _SAME
_Verdicts = Mapping[Kind, Verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line: it holds when each named kind has one of its verdicts.

    `same_applicant` None: whoever the applicants are. `weight_01` is of `each` such case, or of all together.
    `says` tells staff, after "in N other cases".
    """

    code: str
    weight_01: float
    needs: Mapping[Kind, frozenset[Verdict]]
    same_applicant: bool | None = False
    each: bool = True
    says: str

    def holds(self, verdicts: _Verdicts, *, same_applicant: bool) -> bool:
        """Tell whether it speaks of two cases with these verdicts."""
        if self.same_applicant is not None and self.same_applicant is not same_applicant:
            return False
        return all(verdicts[kind] in allowed for kind, allowed in self.needs.items())


# Of two cases the first line that holds is said, and no other: one likeness is not counted twice.
RULES: Final = (
    Rule(
        code="same_clip",
        weight_01=0.95,
        needs={Kind.CLIP: _SAME},
        same_applicant=None,
        says="the very same recording of the face was handed in",
    ),
    Rule(
        code="same_face_other_document",
        weight_01=0.90,
        needs={Kind.FACE: _SAME, Kind.DOCUMENT: _OTHER},
        same_applicant=None,
        says="the same face came with another document number",
    ),
    Rule(
        code="same_document_other_face",
        weight_01=0.90,
        needs={Kind.DOCUMENT: _SAME, Kind.FACE: _OTHER},
        same_applicant=None,
        says="the same document number came with another face",
    ),
    Rule(
        code="same_picture",
        weight_01=0.60,
        needs={Kind.PICTURE: _SAME},
        says="the very same picture of the document was handed in for another applicant",
    ),
    Rule(
        code="similar_details",
        weight_01=0.40,
        needs={Kind.DETAILS: _SAME, Kind.DOCUMENT: _OTHER, Kind.FACE: _NOT_SAME},
        says="nearly the same name and birth date came with another document number",
    ),
    Rule(
        code="same_person_again",
        weight_01=0.15,
        needs={Kind.FACE: _SAME, Kind.DOCUMENT: _SAME},
        says="the same face came with the same document number, as another applicant",
    ),
    Rule(
        code="same_face",
        weight_01=0.30,
        needs={Kind.FACE: _SAME},
        says="the same face was seen for another applicant",
    ),
    Rule(
        code="same_document",
        weight_01=0.30,
        needs={Kind.DOCUMENT: _SAME},
        says="the same document number was seen for another applicant",
    ),
    Rule(
        code="same_device",
        weight_01=0.05,
        needs={Kind.DEVICE: _SAME},
        says="the same device was used for another applicant",
    ),
    Rule(
        code="tried_again",
        weight_01=0.02,
        needs={},
        same_applicant=True,
        says="the same applicant was verified",
    ),
)


def rule_of(one: Known, other: Known) -> Rule | None:
    """Find what is said of two cases; None: nothing."""
    same_applicant = (one.opening.shelf.client, one.opening.applicant) == (
        other.opening.shelf.client,
        other.opening.applicant,
    )
    verdicts = compare(one, other)
    return next((rule for rule in RULES if rule.holds(verdicts, same_applicant=same_applicant)), None)


def compare(one: Known, other: Known) -> dict[Kind, Verdict]:
    """Compare two cases by each kind: the same both ways round."""
    return {kind: _verdict(kind, one.values(kind), other.values(kind)) for kind in Kind}


def _verdict(kind: Kind, ours: list[bytes], theirs: list[bytes]) -> Verdict:
    """Take the most alike of all pairs: a case may hold two documents."""
    if not ours or not theirs:
        return Verdict.UNKNOWN
    match kind:
        case Kind.FACE:
            return _face(min(_distance(a, b) for a, b in product(ours, theirs)))
        case Kind.DETAILS:
            pairs = product(map(Details.read, ours), map(Details.read, theirs))
            return Verdict.SAME if any(a.is_nearly(b) for a, b in pairs) else Verdict.OTHER
        case Kind.DOCUMENT:
            return _document(list(map(Number.read, ours)), list(map(Number.read, theirs)))
        case _:
            return Verdict.OTHER if set(ours).isdisjoint(theirs) else Verdict.SAME


def _face(distance: float) -> Verdict:
    if distance <= SAME_FACE:
        return Verdict.SAME
    return Verdict.OTHER if distance > NEAR_FACE else Verdict.UNSURE


def _distance(a: bytes, b: bytes) -> float:
    return float(np.linalg.norm(vector_of(a) - vector_of(b)))


def _document(ours: list[Number], theirs: list[Number]) -> Verdict:
    """A number that may have been misread is no other one."""
    if {a.mark for a in ours} & {b.mark for b in theirs}:
        return Verdict.SAME
    nearest = max(dice(a.bits, b.bits) for a, b in product(ours, theirs))
    return Verdict.UNSURE if nearest >= _MISREAD else Verdict.OTHER
