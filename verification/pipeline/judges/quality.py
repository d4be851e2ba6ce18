"""Is every picture sharp, lit and whole? The front's answer, with one part per further picture."""

from __future__ import annotations

from datetime import datetime

from protocol.checks import Check, worst
from protocol.schemas import verification_v1_pb2 as v
from verification.pipeline.answers import Answer, unavailable
from verification.pipeline.facts import Facts

__all__ = ["judge"]


def judge(facts: Facts, _found: object, now: datetime) -> list[v.CheckCompleted]:
    """Grade how well the document is seen."""
    front = facts.of("graded:front", v.PictureGraded)
    back = facts.maybe("graded:back", v.PictureGraded)
    parts = _parts(front)
    evidence = [front.evidence_id]
    if back is not None:
        of_back = _parts(back)
        reasons = [reason for p in of_back for reason in p.reasons]
        parts.append(v.Breakdown(name="back", status=worst(p.status for p in of_back), reasons=reasons))
        evidence.append(back.evidence_id)
    answer = Answer(check=Check.QUALITY, parts=tuple(parts), evidence=tuple(evidence), model="quality-1")
    return [answer.completed(facts, now)]


def _parts(graded: v.PictureGraded) -> list[v.Breakdown]:
    """Give a picture's grades; one that could not be graded is unavailable, not faultless."""
    return list(graded.quality) or [unavailable("seen", graded.unavailable, evidence=graded.evidence_id)]
