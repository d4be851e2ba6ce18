"""What holds of a person's decision in any case, whatever has happened in it."""

from __future__ import annotations

from functools import reduce

from hypothesis import assume, given
from hypothesis import strategies as st

from protocol.case_state import CaseState, advance
from protocol.envelope import Event
from protocol.policies import Outcome
from tests.protocol.test_case_state import event, histories
from verification.decide import Standing
from verification.decide_review import Conclusion, conclude_review

OUTCOMES = st.sampled_from([*Outcome])


def standing(state: CaseState) -> Standing:
    return Standing(
        case="case",
        client="client",
        applicant="applicant",
        live=True,
        state=state,
        minimum_age=0,
        time_zone="UTC",
        basis=False,
        deadline_passed=False,
    )


def concluded(state: CaseState, outcome: Outcome, keyseq: int) -> CaseState:
    """Decide as a person, and give the case as it is then."""
    said = Conclusion(by="client", reviewer_id="ak_1", outcome=outcome)
    for draft in conclude_review(standing(state), said):
        state = advance(state, event(draft.message, keyseq))
    return state


@given(histories, OUTCOMES)
def test_what_a_person_decides_is_how_the_case_stands(history: list[Event], outcome: Outcome) -> None:
    before = reduce(advance, history, CaseState())
    assume(not standing(before).over)

    after = concluded(before, outcome, 100)

    assert after.decision is not None
    assert (after.decision.outcome, after.decision.by) == (outcome, "reviewer")
    assert after.status == ("in_review" if outcome is Outcome.REFER else "decided")


@given(histories, OUTCOMES)
def test_saying_it_again_changes_nothing(history: list[Event], outcome: Outcome) -> None:
    before = reduce(advance, history, CaseState())
    assume(not standing(before).over)
    once = concluded(before, outcome, 100)

    assert concluded(once, outcome, 101) == once


@given(histories, OUTCOMES)
def test_a_final_decision_of_another_outcome_is_named_as_corrected(
    history: list[Event], outcome: Outcome
) -> None:
    before = reduce(advance, history, CaseState())
    assume(not standing(before).over)
    held = before.decision
    corrects = held.event_id if held is not None and held.stands and held.outcome != outcome else ""

    after = concluded(before, outcome, 100)

    assert after.decision is not None
    assert after == before or after.decision.corrects == corrects
