"""What a policy makes of the facts so far; what is not yet known is neither yes nor no."""

from __future__ import annotations

from dataclasses import dataclass

from consumers.decisions.known import Facts
from consumers.decisions.reasons import Seen, holds, walked
from protocol.checks import CHECKS, Check
from protocol.policies import AGAINST, AGE, DOCUMENT, CompiledPolicy, Left, Outcome, score_name

__all__ = ["Answer", "evaluate"]

_OF_CHECK = {DOCUMENT: Check.DOCUMENT, AGE: Check.AGE}


@dataclass(frozen=True, slots=True)
class Answer:
    """What follows from the facts so far.

    `outcome` None: nothing can be said yet. `final`: no outstanding fact that the policy names could change
    it, and it is no refer. `missing`: the checks it waits for, in the order of the table; empty: settled.
    `because`: ids of the events it rests on, sorted.
    """

    outcome: Outcome | None
    final: bool
    missing: tuple[Check, ...]
    because: tuple[str, ...]


def evaluate(policy: CompiledPolicy, facts: Facts, *, may_approve_ahead: bool, why: bool = True) -> Answer:
    """Ask a policy what follows from the facts so far.

    Args:
        policy: the rules, with its condition for a provisional approval.
        facts: what is known.
        may_approve_ahead: False: the time of provisional approvals is over for this case.
        why: False: leave out what the answer rests on, which costs as much again.
    """
    left = _left(policy, facts)
    possible, missing = left.outcomes, _missing(left)
    if possible == {Outcome.APPROVE} or Outcome.APPROVE not in possible:
        outcome = next(iter(possible)) if len(possible) == 1 else Outcome.REFER
        final = len(possible) == 1 and outcome is not Outcome.REFER
        because = _because(policy, facts, outcome, possible) if why else ()
        return Answer(outcome, final, missing, because)
    return _ahead(policy, facts, missing, may_approve=may_approve_ahead)


def _ahead(policy: CompiledPolicy, facts: Facts, missing: tuple[Check, ...], *, may_approve: bool) -> Answer:
    """Answer while both an approval and something else are possible."""
    ahead = policy.policy.provisional
    seen = Seen(None) if ahead is None else holds(policy, ahead, facts, approving=True)
    if not seen.holds:
        return Answer(None, final=False, missing=missing, because=())
    outcome = Outcome.APPROVE if may_approve else Outcome.REFER
    return Answer(outcome, final=False, missing=missing, because=tuple(sorted(seen.because)))


def _left(policy: CompiledPolicy, facts: Facts) -> Left:
    """Tell what is open once the facts are put in."""
    barred = any(known.value in AGAINST for check, known in facts.checks.items() if check not in policy.named)
    scores = (
        (score_name(check, part), score)
        for check, known in facts.checks.items()
        for part, score in known.scores
    )
    classes = policy.classes(
        document=None if facts.document is None else facts.document.value,
        age=None if facts.age is None else facts.age.value,
        checks=((check, known.value) for check, known in facts.checks.items()),
        scores=scores,
    )
    return policy.left(classes, aged=facts.minimum_age > 0, barred=barred)


def _missing(left: Left) -> tuple[Check, ...]:
    names = (name.partition("/")[0] for name in left.open)
    checks = {_OF_CHECK.get(name) or Check(name) for name in names}
    return tuple(check for check in CHECKS if check in checks)


def _because(
    policy: CompiledPolicy, facts: Facts, outcome: Outcome, possible: frozenset[Outcome]
) -> tuple[str, ...]:
    """Say what the answer rests on: as the rules tell it, and where they do not, what it takes at least."""
    told = walked(policy, facts, outcome)
    if told is not None:
        return tuple(sorted(told))
    needed = facts
    for name, _ in facts.all():
        fewer = needed.without(name)
        if _left(policy, fewer).outcomes <= possible:
            needed = fewer
    return tuple(sorted(needed.event_ids))
