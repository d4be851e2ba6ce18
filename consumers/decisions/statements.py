"""What the service says next of a case, given what follows from the facts and what it has said before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from consumers.decisions.engine import Answer
from protocol.policies import Outcome

__all__ = ["Stated", "Statement", "next_statement"]

State = Literal["provisional", "final", "corrected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A decision to be said. `expires_at_us`: microseconds since 1970 UTC, 0: not by itself.

    `on_trust`: it is an approval that takes a part of the client's cap.
    """

    outcome: Outcome
    state: State
    missing: tuple[str, ...]
    because: tuple[str, ...]
    expires_at_us: int = 0
    on_trust: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What was said last, under which event id, and whether an approval was ever final."""

    event_id: str
    statement: Statement
    approved: bool

    @property
    def stands(self) -> bool:
        """It is final: only a contradiction replaces it, by a correction."""
        return self.statement.outcome is not Outcome.REFER and self.statement.state != "provisional"


def next_statement(
    stated: Stated | None, answer: Answer, *, counting: frozenset[str], token_ends_us: int
) -> Statement | None:
    """Decide what to say, or None: nothing that a client would act on has changed.

    Args:
        stated: what was said last; None: nothing yet.
        answer: what follows from the facts.
        counting: ids of the events that count: a decision that rests on another one is said again.
        token_ends_us: when a provisional approval ends, microseconds since 1970 UTC.
    """
    if stated is None:
        return None if answer.outcome is None else _provisional_or_final(answer, token_ends_us)
    if stated.stands:
        return _correction(stated.statement.outcome, answer)
    new = _provisional_or_final(_after_an_approval(answer) if stated.approved else answer, token_ends_us)
    return new if _differs(stated.statement, new, counting) else None


def _provisional_or_final(answer: Answer, token_ends_us: int) -> Statement:
    """Word an answer; one that says nothing becomes a refer that waits: no older approval outlives it."""
    outcome = answer.outcome or Outcome.REFER
    ahead = outcome is Outcome.APPROVE and not answer.final
    return Statement(
        outcome=outcome,
        state="final" if answer.final else "provisional",
        missing=answer.missing,
        because=answer.because,
        expires_at_us=answer.on_trust_until_us or (token_ends_us if ahead else 0),
        on_trust=answer.on_trust_until_us > 0,
    )


def _correction(outcome: Outcome, answer: Answer) -> Statement | None:
    """Contradict a final decision: an approval at the first doubt, a decline once the facts have settled."""
    if answer.outcome in {None, outcome} or (outcome is Outcome.DECLINE and answer.missing):
        return None
    new = _after_an_approval(answer) if outcome is Outcome.APPROVE else answer
    return Statement(
        outcome=new.outcome or Outcome.REFER, state="corrected", missing=new.missing, because=new.because
    )


def _after_an_approval(answer: Answer) -> Answer:
    """Leave to a person what would be a decline: the client has acted on an approval."""
    if answer.outcome is not Outcome.DECLINE:
        return answer
    return Answer(Outcome.REFER, final=False, missing=answer.missing, because=answer.because)


def _differs(old: Statement, new: Statement, counting: frozenset[str]) -> bool:
    """Tell whether a client would act on the difference; a longer list of the same doubts it would not."""
    if new.state == "final" or not counting.issuperset(old.because):
        return True
    before, after = (old.outcome, old.expires_at_us), (new.outcome, new.expires_at_us)
    return before != after or bool(old.missing) != bool(new.missing)
