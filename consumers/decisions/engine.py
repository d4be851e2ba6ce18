"""What a policy makes of the facts so far; what is not yet known is neither yes nor no."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from consumers.decisions.known import Facts
from consumers.decisions.reasons import holds_ahead, walked
from protocol.checks import CHECKS, Check
from protocol.policies import AGAINST, AGE, DOCUMENT, CompiledPolicy, Left, Outcome, score_name

__all__ = ["Answer", "evaluate"]

# Cases are alike: few sets of what is open come up, some 500 bytes each.
_KEPT: Final = 10_000
_OF_CHECK = {DOCUMENT: Check.DOCUMENT, AGE: Check.AGE}


@dataclass(frozen=True, slots=True)
class Answer:
    """What follows from the facts so far.

    `outcome` None: nothing can be said yet. `final`: no outstanding fact that the policy names could change
    it, and it is no refer. `missing`: the checks it waits for, in the order of the table; empty: settled.
    `because`: ids of the events it rests on, sorted. `on_trust_until_us`: it is an approval that takes it for
    granted that what is waited for comes out well, and so long at most, in microseconds since 1970 UTC; 0: it
    rests on no trust.
    """

    outcome: Outcome | None
    final: bool
    missing: tuple[Check, ...]
    because: tuple[str, ...]
    on_trust_until_us: int = 0


def evaluate(
    policy: CompiledPolicy, facts: Facts, *, may_approve_ahead: bool, late: bool = False, why: bool = True
) -> Answer:
    """Ask a policy what follows from the facts so far.

    Args:
        policy: the rules, with its condition for a provisional approval.
        facts: what is known.
        may_approve_ahead: False: the time of provisional approvals is over for this case.
        late: True: the policy's own deadline has passed.
        why: False: leave out what the answer rests on, which costs as much again.
    """
    left = _left(policy, facts)
    possible, missing = left.outcomes, _told_by(left.open)
    if possible == {Outcome.APPROVE} or Outcome.APPROVE not in possible:
        outcome = next(iter(possible)) if len(possible) == 1 else Outcome.REFER
        final = len(possible) == 1 and outcome is not Outcome.REFER
        because = _because(policy, facts, outcome, possible) if why else ()
        return _person_instead(policy, facts, Answer(outcome, final, missing, because))
    if late:
        facts = facts.cut_off()
        told = _at_deadline(policy, facts, missing, may_approve=may_approve_ahead, why=why)
        if told is not None:
            return told
    ahead = _ahead(policy, facts, missing, may_approve=may_approve_ahead)
    return ahead if ahead.outcome else _on_trust(policy, facts, missing, why=why)


def _ahead(policy: CompiledPolicy, facts: Facts, missing: tuple[Check, ...], *, may_approve: bool) -> Answer:
    """Answer while both an approval and something else are possible."""
    seen = holds_ahead(policy, facts)
    if not seen.holds:
        return Answer(None, final=False, missing=missing, because=())
    outcome = Outcome.APPROVE if may_approve else Outcome.REFER
    return Answer(outcome, final=False, missing=missing, because=tuple(sorted(seen.because - {""})))


def _at_deadline(
    policy: CompiledPolicy, facts: Facts, missing: tuple[Check, ...], *, may_approve: bool, why: bool
) -> Answer | None:
    """Answer as the rules do, what is outstanding read as unavailable; a decline of that is a person's.

    None: it is still open, by what a dial waits for.
    """
    possible = _left(policy, facts).outcomes
    if Outcome.APPROVE in possible and len(possible) > 1:
        return None
    told = next(iter(possible)) if len(possible) == 1 else Outcome.REFER
    because = _because(policy, facts, told, possible) if why else ()
    outcome = Outcome.APPROVE if told is Outcome.APPROVE and may_approve else Outcome.REFER
    return Answer(outcome, final=False, missing=missing, because=because)


def _on_trust(policy: CompiledPolicy, facts: Facts, missing: tuple[Check, ...], *, why: bool) -> Answer:
    """Answer as if what is waited for had come out well, where nothing else could still forbid it."""
    nothing, approve = Answer(None, final=False, missing=missing, because=()), frozenset({Outcome.APPROVE})
    if not facts.waits:
        return nothing
    hoped = facts.trusting()
    if _left(policy, hoped).outcomes != approve:
        return nothing
    because = _because(policy, hoped, Outcome.APPROVE, approve) if why else ()
    until_us = min(wait.until_us for wait in facts.waits.values())
    return Answer(Outcome.APPROVE, final=False, missing=missing, because=because, on_trust_until_us=until_us)


def _person_instead(policy: CompiledPolicy, facts: Facts, answer: Answer) -> Answer:
    """Leave to a person what would be a decline for want of an answer that was waited for, or by it.

    Be it that the case was approved meanwhile, for the client may have acted on that, or that there was no
    room: what becomes of a case does not depend on who came first.
    """
    if answer.outcome is not Outcome.DECLINE or not facts.waited:
        return answer
    others = facts
    for check in facts.waited:
        others = others.without(check)
    left = _left(policy, others)
    if left.outcomes == {Outcome.DECLINE}:
        return answer
    missing = tuple(check for check in _told_by(left.open) if check not in facts.waited)
    return Answer(Outcome.REFER, final=False, missing=missing, because=answer.because)


def _left(policy: CompiledPolicy, facts: Facts) -> Left:
    """Tell what is open once the facts are put in."""
    barred = any(known.value in AGAINST for check, known in facts.checks.items() if check not in policy.named)
    scores = (
        (score_name(check, part), score)
        for check in policy.measured
        if check in facts.checks
        for part, score in facts.checks[check].scores
    )
    classes = policy.classes(
        document=None if facts.document is None else facts.document.value,
        age=None if facts.age is None else facts.age.value,
        checks=((check, known.value) for check, known in facts.checks.items()),
        scores=scores,
    )
    return policy.left(classes, aged=facts.minimum_age > 0, barred=barred)


@lru_cache(_KEPT)
def _told_by(variables: frozenset[str]) -> tuple[Check, ...]:
    """List the checks that tell of some variables, in the order of the table."""
    names = (name.partition("/")[0] for name in variables)
    checks = {_OF_CHECK.get(name) or Check(name) for name in names}
    return tuple(check for check in CHECKS if check in checks)


def _because(
    policy: CompiledPolicy, facts: Facts, outcome: Outcome, possible: frozenset[Outcome]
) -> tuple[str, ...]:
    """Say what the answer rests on: as the rules tell it, and where they do not, what it takes at least."""
    told = walked(policy, facts, outcome)
    if told is not None:
        return tuple(sorted(told - {""}))
    needed = facts
    for name, _ in facts.all():
        fewer = needed.without(name)
        if _left(policy, fewer).outcomes <= possible:
            needed = fewer
    return tuple(sorted(needed.event_ids - {""}))
