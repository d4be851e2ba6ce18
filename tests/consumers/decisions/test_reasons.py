"""What an answer rests on is what a reading of the rules, part by part and with no bits, says."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.decisions.known import Facts, Known
from consumers.decisions.reasons import Seen, holds_ahead, walked
from protocol.checks import CHECKS, Check, Grade
from protocol.policies import (
    AgeProven,
    AllOf,
    AnyOf,
    CheckIs,
    CompiledPolicy,
    DocumentIs,
    Formula,
    Outcome,
    Policy,
    PolicyRef,
    Rule,
    ScoreAtLeast,
    Unless,
)
from tests.protocol.policies.written import POLICIES, SMALL

SCORES = st.sampled_from([(), (("similarity", 0.3),), (("similarity", 0.5),), (("other", 0.9),)])
STATUS = st.sampled_from([*Grade, Grade.CLEAR, Grade.CLEAR, Grade.CLEAR, "splendid"])


def fact(name: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[Known]:
    return st.builds(Known, values, st.just(name), SCORES)


FACTS = st.builds(
    Facts,
    minimum_age=st.sampled_from([0, 18]),
    checks=st.fixed_dictionaries({}, optional={check: fact(check, STATUS) for check in CHECKS}),
    document=st.none()
    | fact("document_type", st.sampled_from(["passport", "uk_driving_licence", "unknown"])),
    age=st.none() | fact("age_fact", st.sampled_from(["yes", "no", "unknown"])),
)


def every(parts: Iterable[Seen], *, by: bool = False) -> Seen:
    """Put parts together of which one that comes to `by` settles the whole."""
    seen = list(parts)
    settling = [part for part in seen if part.holds is by]
    because = reduce(frozenset.union, (part.because for part in settling or seen), frozenset[str]())
    open_ = any(part.holds is None for part in seen)
    return Seen(by if settling else None if open_ else not by, because)


def seen(policy: Policy, formula: Formula, facts: Facts) -> Seen:
    match formula:
        case AllOf(parts):
            return every(seen(policy, part, facts) for part in parts)
        case AnyOf(parts):
            return every((seen(policy, part, facts) for part in parts), by=True)
        case Unless(part):
            told = seen(policy, part, facts)
            return Seen(None if told.holds is None else not told.holds, told.because)
        case _:
            return asked(policy, formula, facts)


def asked(policy: Policy, atom: Formula, facts: Facts) -> Seen:
    match atom:
        case CheckIs(check, grades):
            known = facts.checks.get(check)
            return told(known, known is not None and counted(policy, check, known.value) in grades)
        case ScoreAtLeast(check, part, least):
            known = facts.checks.get(check)
            return told(known, known is not None and dict(known.scores).get(part, -1.0) >= least)
        case DocumentIs(types):
            return told(facts.document, facts.document is not None and facts.document.value in types)
        case _:
            proven = facts.age is not None and facts.age.value == "yes"
            return told(facts.age, proven) if facts.minimum_age else Seen(True)


def told(known: Known | None, holds: bool) -> Seen:
    return Seen(None) if known is None else Seen(holds, frozenset({known.event_id}))


def counted(policy: Policy, check: Check, status: str) -> str:
    return dict(policy.counts_as).get(check, status) if status == "not_applicable" else understood(status)


def understood(status: str) -> str:
    return status if status in set(Grade) else Grade.UNAVAILABLE


def unlifted(policy: Policy, rule: Rule, facts: Facts) -> Seen:
    """Read a rule with what no policy lifts."""
    when = seen(policy, rule.when, facts)
    if rule.outcome is not Outcome.APPROVE:
        return when
    against = frozenset(c.value for c in facts.checks if facts.checks[c].value in {"suspected", "rejected"})
    return every([when, asked(policy, AgeProven(), facts), Seen(not against, against)])


def rests_on(policy: Policy, facts: Facts, outcome: Outcome) -> frozenset[str] | None:
    """Say it as `walked` does."""
    before = frozenset[str]()
    for rule in (*policy.rules, Rule(Outcome.REFER)):
        holds, because = unlifted(policy, rule, facts)
        if holds is None and outcome is Outcome.APPROVE:
            return None
        if holds:
            found = because | before if outcome is Outcome.APPROVE else because or before
            return (found or None) if rule.outcome is outcome else None
        before |= because if holds is False else frozenset()
    return None


@given(policy=POLICIES | SMALL, facts=FACTS, outcome=st.sampled_from(Outcome))
@settings(deadline=None, max_examples=300)
def test_an_answer_rests_on_what_the_rules_read_one_by_one_say(
    policy: Policy, facts: Facts, outcome: Outcome
) -> None:
    assert walked(CompiledPolicy(policy), facts, outcome) == rests_on(policy, facts, outcome)


@given(policy=POLICIES | SMALL, facts=FACTS)
@settings(deadline=None, max_examples=200)
def test_an_approval_ahead_rests_on_what_its_condition_and_what_no_policy_lifts_say(
    policy: Policy, facts: Facts
) -> None:
    ahead = policy.provisional
    expected = Seen(None) if ahead is None else unlifted(policy, Rule(Outcome.APPROVE, ahead), facts)

    assert holds_ahead(CompiledPolicy(policy), facts) == expected


def test_an_age_that_nobody_asks_for_is_no_reason() -> None:
    policy = Policy(ref=PolicyRef("odd", 1), rules=(Rule(Outcome.DECLINE, AgeProven()),))

    assert walked(CompiledPolicy(policy), Facts(age=Known("yes", "age_fact")), Outcome.DECLINE) is None
