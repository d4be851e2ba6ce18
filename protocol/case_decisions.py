"""What is decided of a case, by a policy or by a person, as one event says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from protocol.envelope import Event
from protocol.schemas import decisions_v1_pb2 as decisions
from protocol.schemas import verification_v1_pb2 as verification

__all__ = ["BY_POLICY", "BY_REVIEWER", "Decision", "decision_of", "later", "read_decision"]

# Who decides.
BY_POLICY: Final = "policy"
BY_REVIEWER: Final = "reviewer"


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision as it was said; `state` is provisional, final, corrected or expired.

    `by` is `BY_POLICY` or `BY_REVIEWER`, `expires_at_us` 0: it does not end by itself, `corrects` the id of
    the decision whose outcome it changes, empty: none, and `reasons` are the codes that a reviewer gave.
    """

    keyseq: int
    event_id: str
    outcome: str
    state: str
    missing: tuple[str, ...] = ()
    expires_at_us: int = 0
    by: str = BY_POLICY
    corrects: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def settled(self) -> bool:
        """Nothing it waits for is missing, and it has not ended by its clock."""
        return not self.missing and self.state != "expired"

    def state_at(self, at_us: int) -> str:
        """Tell its state at a moment: one that has ended by its clock has, whoever says so."""
        over = self.state == "provisional" and 0 < self.expires_at_us <= at_us
        return "expired" if over else self.state

    @property
    def stands(self) -> bool:
        """It is final: only a correction may replace it."""
        return self.outcome != "refer" and self.state in {"final", "corrected"}


def decision_of(event: Event) -> Decision | None:
    """Read what an event decides; None: nothing."""
    match event.message:
        case decisions.DecisionReached() as said:
            missing = tuple(said.missing)
            return Decision(*_named(event), said.outcome, said.state, missing, said.expires_at_us)
        case decisions.DecisionExpired() as said:
            return Decision(*_named(event), said.outcome, "expired", tuple(said.missing))
        case decisions.DecisionCorrected() as said:
            missing = tuple(said.missing)
            return Decision(*_named(event), said.outcome, "corrected", missing, corrects=said.decision_id)
        case verification.ReviewConcluded() as said:
            return Decision(
                *_named(event),
                said.outcome,
                _state_of(said),
                by=BY_REVIEWER,
                corrects=said.corrects,
                reasons=tuple(said.reasons),
            )
        case _:
            return None


def _named(event: Event) -> tuple[int, str]:
    """Give what a decision is known by; most events are none, and are not asked for it."""
    return event.envelope.keyseq, str(event.envelope.id)


def _state_of(said: verification.ReviewConcluded) -> str:
    """Name a person's decision as a policy's: a refer asks for another person, so it is never final."""
    if said.corrects:
        return "corrected"
    return "provisional" if said.outcome == "refer" else "final"


def later(held: Decision | None, said: Decision) -> Decision:
    """Give the later of two."""
    return said if held is None or said.keyseq > held.keyseq else held


def read_decision(held: Mapping[str, Any] | None) -> Decision | None:
    """Read back what was written as JSON, also by a version that knew of policies only."""
    if held is None:
        return None
    lists = {name: tuple(held.get(name, ())) for name in ("missing", "reasons")}
    return Decision(**{**held, **lists})
