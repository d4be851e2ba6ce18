"""What it does to a case that a person is asked for, and what a person decides: pure, as `decide`."""

from __future__ import annotations

from dataclasses import dataclass

from events.journal import Draft
from protocol.case_decisions import BY_REVIEWER, Decision
from protocol.policies import Outcome
from protocol.problems import Refused
from protocol.reasons import REASONS
from protocol.schemas import verification_v1_pb2 as v
from verification.decide import Standing, draft, going_on

__all__ = ["Conclusion", "conclude_review", "request_review"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What a person decides of a case, and why, in codes of the reason table.

    `by` is client or staff: whose reviewer it is; `reviewer_id` the client's key, or our member of staff.
    """

    by: str
    reviewer_id: str
    outcome: Outcome
    reasons: tuple[str, ...] = ()


def request_review(standing: Standing, *, by: str) -> tuple[Draft, ...]:
    """Ask that a person looks at a case; twice is once.

    Raises:
        Refused: `not_accepting`: the case is over; `conflict`: it is a person's turn already, or there is
            nothing for an applicant to contest.
    """
    going_on(standing)
    state = standing.state
    if state.review_asked:
        return ()
    if state.status == "in_review":
        raise Refused("conflict", "the case is in review: a person takes a look already")
    if by == "applicant" and state.decision is not None:
        _contestable(state.decision)
    return (draft(standing, v.ReviewRequested(by=by)),)


def _contestable(decision: Decision) -> None:
    """Refuse an applicant's wish for a person after an approval, and after a person's decision."""
    if decision.by == BY_REVIEWER:
        raise Refused("conflict", "a person has looked at this case; please turn to the company that asks")
    if decision.stands and decision.outcome == Outcome.APPROVE:
        raise Refused("conflict", "you are verified; there is nothing for a person to look at")


def conclude_review(standing: Standing, said: Conclusion) -> tuple[Draft, ...]:
    """Decide a case as a person; the same again is once, another outcome corrects one that was final.

    Raises:
        Refused: `not_accepting`: the case is over; `invalid`: a reason that the table does not have.
    """
    going_on(standing)
    if not REASONS.keys() >= set(said.reasons):
        raise Refused("invalid", "give codes of the table of reasons, such as blurred", field="reasons")
    held, reasons = standing.state.decision, tuple(dict.fromkeys(said.reasons))
    if held is not None and _says(held, said.outcome, reasons) and not standing.state.review_asked:
        return ()
    final = held if held is not None and held.stands else None
    concluded = v.ReviewConcluded(
        by=said.by,
        reviewer_id=said.reviewer_id,
        outcome=said.outcome,
        reasons=reasons,
        corrects="" if final is None or final.outcome == said.outcome else final.event_id,
    )
    return (draft(standing, concluded),)


def _says(held: Decision, outcome: Outcome, reasons: tuple[str, ...]) -> bool:
    """Tell whether a person has said just this before."""
    return held.by == BY_REVIEWER and (held.outcome, held.reasons) == (outcome, reasons)
