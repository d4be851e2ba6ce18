"""What the fraud service has said of a case: the newest score, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from protocol.envelope import Event
from protocol.schemas import fraud_v1_pb2 as fraud
from verification.review.words import clock, listed

__all__ = ["SeenBefore", "Sighting", "seen_before"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One finding in words, and the client's own cases that it was found in; `weight` from 0 to 1."""

    code: str
    words: str
    weight: str
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenBefore:
    """How a case stands by what was seen before, or again later; `tone`: good, warn or bad."""

    position: int
    score: str
    tone: str
    compared: str
    sightings: tuple[Sighting, ...]
    at: str


# From which score on a person should look, and look hard: as the service's weights are made.
_LOOK, _LOOK_HARD = 0.25, 0.75


def seen_before(events: Iterable[Event]) -> SeenBefore | None:
    """Give what was said last; None: nothing was compared yet."""
    said = [(e.envelope, e.message) for e in events if isinstance(e.message, fraud.FraudScored)]
    if not said:
        return None
    envelope, scored = said[-1]
    return SeenBefore(
        position=envelope.position,
        score=f"{scored.score_01:.2f}",
        tone=_tone(scored.score_01),
        compared=listed(scored.compared),
        sightings=tuple(map(_sighting, scored.findings)),
        at=clock(envelope.occurred_at),
    )


def _sighting(finding: fraud.Finding) -> Sighting:
    return Sighting(
        code=finding.code,
        words=finding.explanation,
        weight=f"{finding.weight_01:.2f}",
        cases=tuple(finding.case_ids),
    )


def _tone(score_01: float) -> str:
    if score_01 < _LOOK:
        return "good"
    return "warn" if score_01 < _LOOK_HARD else "bad"
