"""Why an answer is as it is: the rules read from the first on, three-valued, for the facts that told."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from consumers.decisions.known import Facts
from consumers.decisions.questions import Questions
from protocol.policies import CompiledPolicy, Outcome

__all__ = ["Seen", "holds_ahead", "walked"]

# As many policies as the service has made ready.
_READY: Final = 1_000


class Seen(NamedTuple):
    """Whether something holds (None: it cannot be told yet), and the events that say so."""

    holds: bool | None
    because: frozenset[str] = frozenset()


def walked(policy: CompiledPolicy, facts: Facts, outcome: Outcome) -> frozenset[str] | None:
    """Tell which events an outcome rests on; None: the rules one by one do not tell it.

    For an approval, also those that ruled the rules before it out; otherwise the doubts, or where there are
    none what rules the approvals out.
    """
    questions = _questions(policy)
    answers = questions.answered(facts)
    against = 0
    for decides, when in questions.rules:
        holds, because = answers.read(when)
        if holds:
            if decides is not outcome:
                break
            found = because | against if outcome is Outcome.APPROVE else because or against
            return questions.events(facts, found) or None
        if holds is None and outcome is Outcome.APPROVE:
            break
        if holds is False:
            against |= because
    return None


def holds_ahead(policy: CompiledPolicy, facts: Facts) -> Seen:
    """Tell whether what an approval ahead takes holds; None where the policy gives none."""
    questions = _questions(policy)
    if questions.ahead is None:
        return Seen(None)
    holds, because = questions.answered(facts).read(questions.ahead)
    return Seen(holds, questions.events(facts, because))


@lru_cache(_READY)
def _questions(policy: CompiledPolicy) -> Questions:
    return Questions(policy)
