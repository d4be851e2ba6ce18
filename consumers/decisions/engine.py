"""What a policy makes of the facts so far; what is not yet known is neither yes nor no."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from protocol.checks import CHECKS, Check, Grade
from protocol.policies import AgeProven, AnyCheck, Condition, DocumentIs, EveryCheck, Outcome, Policy, Rule

__all__ = ["Answer", "Facts", "Known", "evaluate"]

_NONE: frozenset[Check] = frozenset()
_AGAINST = frozenset({Grade.SUSPECTED, Grade.REJECTED})


@dataclass(frozen=True, slots=True)
class Known:
    """A fact that has been said: its value, and the id of the event that says it."""

    value: str
    event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a case, on its newest evidence; what is absent has not been said yet.

    `checks`: the status each check ended with. `document`: the front's type. `age`: yes, no or unknown, to
    whether the holder has reached `minimum_age` (years, 0: none).
    """

    minimum_age: int = 0
    checks: Mapping[Check, Known]
    document: Known | None = None
    age: Known | None = None

    @property
    def event_ids(self) -> frozenset[str]:
        """The events that say what is known."""
        single = (fact for fact in (self.document, self.age) if fact is not None)
        return frozenset(fact.event_id for fact in (*self.checks.values(), *single))


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


@dataclass(frozen=True, slots=True)
class _Unopposed:
    """Holds while no check has ended suspected or rejected; the policy does not wait for those to come."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """Whether something holds (None: not known yet), why, and which checks could still tell."""

    holds: bool | None
    because: frozenset[str] = frozenset()
    waits_for: frozenset[Check] = frozenset()


# What no policy may leave out of an approval: the age where one is asked, and no contradiction.
_INVARIANTS = (AgeProven(), _Unopposed())


def evaluate(policy: Policy, facts: Facts, *, may_approve_ahead: bool) -> Answer:
    """Ask a policy what follows from the facts so far.

    Args:
        policy: the rules, with its condition for a provisional approval.
        facts: what is known.
        may_approve_ahead: False: the time of provisional approvals is over for this case.
    """
    reached, against = _walk(policy.rules, facts)
    possible = {outcome for outcome, _ in reached}
    missing = _NONE.union(*(seen.waits_for for _, seen in reached))
    outcome, last = reached[-1]
    if possible == {Outcome.APPROVE}:
        return _answer(outcome, last.because | against, final=True)
    if Outcome.APPROVE not in possible:
        decided = len(possible) == 1
        final = decided and outcome is not Outcome.REFER
        return _answer(
            outcome, last.because or against, final=final, missing=missing if not decided else _NONE
        )
    return _ahead(policy, facts, missing, may_approve=may_approve_ahead)


def _ahead(policy: Policy, facts: Facts, missing: frozenset[Check], *, may_approve: bool) -> Answer:
    """Answer while both an approval and something else are possible."""
    seen = _Seen(None) if policy.provisional is None else _all(_bound(policy.provisional), facts)
    if not seen.holds:
        return Answer(None, final=False, missing=_in_order(missing), because=())
    outcome = Outcome.APPROVE if may_approve else Outcome.REFER
    return _answer(outcome, seen.because, missing=missing)


def _answer(
    outcome: Outcome, because: frozenset[str], *, final: bool = False, missing: frozenset[Check] = _NONE
) -> Answer:
    return Answer(outcome, final, _in_order(missing), tuple(sorted(because)))


def _walk(rules: tuple[Rule, ...], facts: Facts) -> tuple[list[tuple[Outcome, _Seen]], frozenset[str]]:
    """Collect the outcomes that are still possible, and the events that ruled others out."""
    reached: list[tuple[Outcome, _Seen]] = []
    against: frozenset[str] = frozenset()
    for rule in (*rules, Rule(Outcome.REFER)):
        when = _bound(rule.when) if rule.outcome is Outcome.APPROVE else rule.when
        seen = _all(when, facts)
        if seen.holds is False:
            against |= seen.because
            continue
        reached.append((rule.outcome, seen))
        if seen.holds:
            break
    return reached, against


def _bound(when: tuple[Condition, ...]) -> tuple[Condition | _Unopposed, ...]:
    return (*when, *_INVARIANTS)


def _all(conditions: Iterable[Condition | _Unopposed], facts: Facts) -> _Seen:
    parts = [_see(condition, facts) for condition in conditions]
    broken = [part for part in parts if part.holds is False]
    if broken:
        return _Seen(False, frozenset[str]().union(*(part.because for part in broken)))
    waits_for = _NONE.union(*(part.waits_for for part in parts))
    return _Seen(None if waits_for else True, frozenset[str]().union(*(p.because for p in parts)), waits_for)


def _see(condition: Condition | _Unopposed, facts: Facts) -> _Seen:
    match condition:
        case AnyCheck():
            return _any(condition, facts)
        case EveryCheck():
            return _every(condition, facts)
        case DocumentIs():
            return _is(facts.document, condition.types, Check.DOCUMENT)
        case AgeProven():
            proven = facts.minimum_age == 0
            return _Seen(True) if proven else _is(facts.age, frozenset({"yes"}), Check.AGE)
        case _Unopposed():
            found = _ids(known for known in facts.checks.values() if known.value in _AGAINST)
            return _Seen(not found, found)


def _is(fact: Known | None, wanted: frozenset[str], check: Check) -> _Seen:
    if fact is None:
        return _Seen(None, waits_for=frozenset({check}))
    return _Seen(fact.value in wanted, frozenset({fact.event_id}))


def _any(condition: AnyCheck, facts: Facts) -> _Seen:
    known = [facts.checks[check] for check in condition.checks if check in facts.checks]
    found = _ids(fact for fact in known if fact.value in condition.grades)
    if found:
        return _Seen(True, found)
    outstanding = condition.checks - facts.checks.keys()
    return _Seen(None if outstanding else False, _ids(known), outstanding)


def _every(condition: EveryCheck, facts: Facts) -> _Seen:
    known = [facts.checks[check] for check in condition.checks if check in facts.checks]
    broken = _ids(fact for fact in known if fact.value not in condition.grades)
    if broken:
        return _Seen(False, broken)
    outstanding = condition.checks - facts.checks.keys()
    return _Seen(None if outstanding else True, _ids(known), outstanding)


def _ids(facts: Iterable[Known]) -> frozenset[str]:
    return frozenset(fact.event_id for fact in facts)


def _in_order(checks: frozenset[Check]) -> tuple[Check, ...]:
    return tuple(check for check in CHECKS if check in checks)
