"""Policies of every kind, as a client could write them, and what each means, told without a diagram."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from hypothesis import strategies as st

from protocol.checks import CHECKS, Check, Grade
from protocol.documents import DOCUMENT_TYPES
from protocol.policies import (
    AgeProven,
    AllOf,
    AnyOf,
    CheckIs,
    DocumentIs,
    Formula,
    Outcome,
    Policy,
    PolicyRef,
    Rule,
    ScoreAtLeast,
    Stake,
    Trust,
    Unless,
)

__all__ = ["FORMULAS", "POLICIES", "SMALL", "TRUSTS", "Whole", "decided", "wholes"]

_BOUNDS = (0.25, 0.5)


def _formulas(checks: tuple[Check, ...], documents: tuple[str, ...]) -> st.SearchStrategy[Formula]:
    grades = st.frozensets(st.sampled_from(Grade), min_size=1, max_size=4)
    atoms: st.SearchStrategy[Formula] = st.one_of(
        st.builds(CheckIs, st.sampled_from(checks), grades),
        st.builds(ScoreAtLeast, st.just(checks[0]), st.just("similarity"), st.sampled_from(_BOUNDS)),
        st.builds(DocumentIs, st.frozensets(st.sampled_from(documents), min_size=1, max_size=2)),
        st.just(AgeProven()),
    )

    def whole(parts: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
        some = st.lists(parts, min_size=1, max_size=3).map(tuple)
        return st.one_of(st.builds(AllOf, some), st.builds(AnyOf, some), st.builds(Unless, parts))

    return st.recursive(atoms, whole, max_leaves=6)


# What a policy may make of a dial that staff have set.
TRUSTS = st.sampled_from(
    [
        Trust(),
        Trust(given=False),
        Trust(stakes=Stake(currency="GBP", up_to=Decimal("20.00"))),
        Trust(stakes=Stake(currency="GBP", up_to=Decimal(0))),
    ]
)


def _policies(formulas: st.SearchStrategy[Formula]) -> st.SearchStrategy[Policy]:
    rules = st.lists(st.builds(Rule, st.sampled_from(Outcome), formulas), min_size=1, max_size=4).map(tuple)
    counts = st.sampled_from([(), ((Check.TAMPER, Grade.CAUTION),), ((Check.REGISTER, Grade.SUSPECTED),)])
    return st.builds(
        Policy,
        ref=st.just(PolicyRef("some", 1)),
        rules=rules,
        provisional=st.none() | formulas,
        stake=st.none() | st.just(Stake(currency="GBP", over=Decimal("10.00"), up_to=Decimal(99))),
        otherwise=st.just(False),
        counts_as=counts,
        register_away=TRUSTS,
        deadline_s=st.none() | st.integers(1, 15),
    )


FORMULAS = _formulas(CHECKS, DOCUMENT_TYPES)
POLICIES = _policies(FORMULAS)
# Few facts, so that every way in which they may come out can be tried.
_FEW = (Check.TAMPER, Check.REGISTER)
SMALL = _policies(_formulas(_FEW, ("passport", "unknown")))


@dataclass(frozen=True)
class Whole:
    """Every fact of a case that a small policy may name; the measure is None where there was none."""

    document: str
    age: str
    grades: Mapping[Check, Grade]
    similarity: float | None


def wholes(known: Mapping[str, object]) -> Iterator[Whole]:
    """List every way in which a case may come out, given what is known of it."""

    def values(name: str, every: tuple[object, ...]) -> tuple[object, ...]:
        return (known[name],) if name in known else every

    for document, age, tamper, register, similarity in product(
        values("document", ("passport", "unknown", "uk_driving_licence")),
        values("age", ("yes", "no")),
        values("tamper", tuple(Grade)),
        values("register", tuple(Grade)),
        values("similarity", (None, 0.1, 0.3, 0.7)),
    ):
        assert isinstance(similarity, float | None)
        grades = {Check.TAMPER: Grade(str(tamper)), Check.REGISTER: Grade(str(register))}
        yield Whole(str(document), str(age), grades, similarity)


def decided(policy: Policy, whole: Whole, *, aged: bool, named: frozenset[Check]) -> Outcome:
    """Decide a case of which everything is known, as the documents say and no diagram does.

    Args:
        policy: the rules.
        whole: the facts.
        aged: the case has a minimum age.
        named: checks whose end stands against an approval.
    """
    grades = {check: _counted(policy, check, grade) for check, grade in whole.grades.items()}
    opposed = any(grades[check] in {Grade.SUSPECTED, Grade.REJECTED} for check in named)
    too_young = aged and whole.age != "yes"
    for rule in policy.rules:
        stopped = rule.outcome is Outcome.APPROVE and (opposed or too_young)
        if not stopped and _holds(rule.when, whole, grades, aged=aged):
            return rule.outcome
    return Outcome.REFER


def _counted(policy: Policy, check: Check, grade: Grade) -> Grade:
    return dict(policy.counts_as).get(check, grade) if grade is Grade.NOT_APPLICABLE else grade


def _holds(formula: Formula, whole: Whole, grades: Mapping[Check, Grade], *, aged: bool) -> bool:
    match formula:
        case AllOf(parts):
            return all(_holds(part, whole, grades, aged=aged) for part in parts)
        case AnyOf(parts):
            return any(_holds(part, whole, grades, aged=aged) for part in parts)
        case Unless(part):
            return not _holds(part, whole, grades, aged=aged)
        case _:
            return _is_so(formula, whole, grades, aged=aged)


def _is_so(formula: Formula, whole: Whole, grades: Mapping[Check, Grade], *, aged: bool) -> bool:
    match formula:
        case CheckIs(check, wanted):
            return grades[check] in wanted
        case ScoreAtLeast(least=least):
            return whole.similarity is not None and whole.similarity >= least
        case DocumentIs(types):
            return whole.document in types
        case _:
            return not aged or whole.age == "yes"
