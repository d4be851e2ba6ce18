"""Does the document say what the applicant claimed of themselves?"""

from __future__ import annotations

from datetime import datetime

from protocol.checks import Check, Grade
from protocol.schemas import verification_v1_pb2 as v
from verification.pipeline.answers import Answer, clear, part, unavailable
from verification.pipeline.facts import Facts
from verification.pipeline.judges.values import Values, claims, letters, values

__all__ = ["agree", "judge"]


def judge(facts: Facts, _found: object, now: datetime) -> list[v.CheckCompleted]:
    """Grade each claimed value against the one that was read."""
    claimed, read = claims(facts).by_name, values(facts)
    if not claimed:
        parts: tuple[v.Breakdown, ...] = ()
    elif read.unavailable:
        parts = (unavailable("fields", read.unavailable, evidence=read.evidence),)
    else:
        parts = tuple(_compared(name, value, read) for name, value in claimed.items())
    answer = Answer(
        check=Check.COMPARISON,
        parts=parts,
        evidence=(read.evidence,),
        model="comparison-1",
        not_applicable=not claimed,
    )
    return [answer.completed(facts, now)]


def _compared(name: str, claimed: str, read: Values) -> v.Breakdown:
    found = read.get(name)
    if name == "document_number" and not found:
        found = read.get("driver_number")
    if not found:
        return part(name, Grade.CAUTION, "claim_not_read", evidence=read.evidence, fields=(name,))
    if agree(name, claimed, found):
        return clear(name)
    return part(name, Grade.CAUTION, "claim_mismatch", evidence=read.evidence, fields=(name,))


def agree(name: str, claimed: str, found: str) -> bool:
    """Tell whether a claimed value and a read one name the same thing.

    Names are compared as words of plain letters; of given names the shorter list must begin the longer one,
    since people leave out middle names and documents cut them. Numbers: without spaces and case.
    """
    if name in {"given_names", "family_name"}:
        mine, theirs = letters(claimed), letters(found)
        if name == "family_name":
            return "".join(mine) == "".join(theirs)
        shorter = min(len(mine), len(theirs))
        return shorter > 0 and mine[:shorter] == theirs[:shorter]
    if name == "document_number":
        return "".join(claimed.split()).upper() == "".join(found.split()).upper()
    return claimed == found
