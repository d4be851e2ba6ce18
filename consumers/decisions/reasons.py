"""Why an answer is as it is: the rules read from the first on, three-valued, for the facts that told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from consumers.decisions.known import Facts, Known
from protocol.policies import (
    AGAINST,
    AgeProven,
    AllOf,
    AnyOf,
    CheckIs,
    CompiledPolicy,
    DocumentIs,
    Formula,
    Outcome,
    Rule,
    ScoreAtLeast,
    Unless,
)

__all__ = ["Seen", "holds", "walked"]

_NONE: frozenset[str] = frozenset()


class Seen(NamedTuple):
    """Whether something holds (None: it cannot be told yet), and the events that say so."""

    holds: bool | None
    because: frozenset[str] = _NONE


def walked(policy: CompiledPolicy, facts: Facts, outcome: Outcome) -> frozenset[str] | None:
    """Tell which events an outcome rests on; None: the rules one by one do not tell it.

    For an approval, also those that ruled the rules before it out; otherwise the doubts, or where there are
    none what rules the approvals out.
    """
    against, doubts = _NONE, _NONE
    for rule in (*policy.policy.rules, Rule(Outcome.REFER)):
        seen = holds(policy, rule.when, facts, approving=rule.outcome is Outcome.APPROVE)
        if seen.holds is False:
            against |= seen.because
        elif seen.holds:
            doubts |= seen.because
            break
        elif outcome is Outcome.APPROVE:
            return None
    if rule.outcome is not outcome:
        return None
    found = doubts | against if outcome is Outcome.APPROVE else doubts or against
    return found or None


def holds(policy: CompiledPolicy, formula: Formula, facts: Facts, *, approving: bool) -> Seen:
    """Tell whether a condition holds; one that approves also needs what no policy lifts."""
    seen = _see(policy, formula, facts)
    if not approving:
        return seen
    opposed = _ids(known for known in facts.checks.values() if known.value in AGAINST)
    return _all((seen, _see(policy, AgeProven(), facts), Seen(not opposed, opposed)))


def _see(policy: CompiledPolicy, formula: Formula, facts: Facts) -> Seen:
    match formula:
        case AllOf(parts):
            return _all(_see(policy, part, facts) for part in parts)
        case AnyOf(parts):
            return _any(_see(policy, part, facts) for part in parts)
        case Unless(part):
            return _not(_see(policy, part, facts))
        case _:
            return _asked(policy, formula, facts)


def _asked(policy: CompiledPolicy, formula: Formula, facts: Facts) -> Seen:
    """Tell whether what a single question asks for holds."""
    match formula:
        case CheckIs(check, grades):
            known = facts.checks.get(check)
            return _told(known, known is not None and policy.graded(check, known.value) in grades)
        case ScoreAtLeast(check, part, least):
            known = facts.checks.get(check)
            return _told(known, known is not None and _reached(known, part, least))
        case DocumentIs(types):
            return _told(facts.document, facts.document is not None and facts.document.value in types)
        case _:
            proven = facts.minimum_age == 0
            return (
                Seen(True) if proven else _told(facts.age, facts.age is not None and facts.age.value == "yes")
            )


def _reached(known: Known, part: str, least: float) -> bool:
    return any(name == part and score >= least for name, score in known.scores)


def _told(known: Known | None, holds: bool) -> Seen:
    return Seen(None) if known is None else Seen(holds, frozenset({known.event_id}))


def _not(seen: Seen) -> Seen:
    return Seen(None if seen.holds is None else not seen.holds, seen.because)


def _all(parts: Iterable[Seen]) -> Seen:
    return _settled(parts, by=False)


def _any(parts: Iterable[Seen]) -> Seen:
    return _settled(parts, by=True)


def _settled(parts: Iterable[Seen], *, by: bool) -> Seen:
    """Put parts together of which one alone, where it comes to `by`, settles the whole."""
    seen = tuple(parts)
    settling = [part.because for part in seen if part.holds is by]
    if settling:
        return Seen(by, _NONE.union(*settling))
    known = None if any(part.holds is None for part in seen) else not by
    return Seen(known, _NONE.union(*[part.because for part in seen]))


def _ids(facts: Iterable[Known]) -> frozenset[str]:
    return frozenset(fact.event_id for fact in facts)
