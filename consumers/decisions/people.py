"""What a person's decision leaves to be said: that an approval is doubted by what came later."""

from __future__ import annotations

from protocol.case_decisions import Decision
from protocol.case_state import CaseState
from protocol.policies import AGAINST, Outcome

__all__ = ["later_doubts"]


def later_doubts(ruled: Decision, state: CaseState) -> tuple[str, ...]:
    """List the events that contradict a person's decision, sorted by their ids.

    Whoever decides has seen what was known until then: only what counts and was said afterwards can.
    """
    if ruled.outcome != Outcome.APPROVE:
        return ()
    against = (answer for answer in state.checks.values() if answer.status in AGAINST)
    return tuple(sorted(answer.event_id for answer in against if answer.keyseq > ruled.keyseq))
