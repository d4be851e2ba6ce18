"""How a step's findings become the messages of a check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from protocol.checks import Check, Grade, worst
from protocol.ids import to_us
from protocol.schemas import verification_v1_pb2 as v
from verification.pipeline.facts import Facts
from verification.pipeline.workers import Failed
from verification.vision.grades import Box, Cue

__all__ = ["Answer", "box_message", "breakdown", "clear", "part", "reason_of", "unavailable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a check found: its parts, what it rests on, and whether a better answer may still come."""

    check: Check
    parts: tuple[v.Breakdown, ...]
    evidence: tuple[str, ...] = ()
    model: str = ""
    final: bool = True
    not_applicable: bool = False

    def completed(self, facts: Facts, now: datetime) -> v.CheckCompleted:
        """Make the message, graded by its worst part."""
        started = min((e.envelope.recorded_at for e in facts.events.values()), default=now)
        status = Grade.NOT_APPLICABLE if self.not_applicable else worst(p.status for p in self.parts)
        return v.CheckCompleted(
            check=self.check,
            status=status,
            breakdown=self.parts,
            reasons=_once(reason for p in self.parts for reason in p.reasons),
            evidence_ids=self.evidence,
            evidence_keyseq=facts.evidence_keyseq,
            model=self.model,
            started_at_us=to_us(started),
            finished_at_us=to_us(now),
            final=self.final,
        )


def breakdown(cues: Iterable[Cue], *, evidence: str) -> tuple[v.Breakdown, ...]:
    """Write graded cues of one piece of evidence as parts of a check."""
    return tuple(
        v.Breakdown(
            name=cue.name,
            status=cue.status,
            score=cue.score,
            reasons=[
                v.Reason(code=code, evidence_id=evidence, box=box_message(cue.box)) for code in cue.reasons
            ],
        )
        for cue in cues
    )


def box_message(box: Box | None) -> v.Box | None:
    """Write a rectangle; none stays none."""
    return None if box is None else v.Box(x=box.x, y=box.y, width=box.width, height=box.height)


def part(name: str, grade: Grade, *codes: str, evidence: str = "", fields: Sequence[str] = ()) -> v.Breakdown:
    """Make one part of a check that was judged without pixels."""
    reasons = [v.Reason(code=code, evidence_id=evidence, fields=fields) for code in codes]
    return v.Breakdown(name=name, status=grade, reasons=reasons)


def clear(name: str) -> v.Breakdown:
    """Make a part with nothing against it."""
    return v.Breakdown(name=name, status=Grade.CLEAR)


def unavailable(name: str, code: str, *, evidence: str = "") -> v.Breakdown:
    """Make a part that could not be asked."""
    return part(name, Grade.UNAVAILABLE, code, evidence=evidence)


def reason_of(found: object, default: str = "") -> str:
    """Give the reason code of a failed step, else the default."""
    return found.reason if isinstance(found, Failed) else default


def _once(reasons: Iterable[v.Reason]) -> list[v.Reason]:
    """Keep the first of equal reasons."""
    kept: dict[bytes, v.Reason] = {}
    for reason in reasons:
        kept.setdefault(reason.SerializeToString(deterministic=True), reason)
    return list(kept.values())
