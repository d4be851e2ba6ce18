"""A compiled policy knows exactly what the facts can still come to, and which of them could still tell."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.checks import CHECKS, Check, Grade
from protocol.policies import (
    AllOf,
    CheckIs,
    CompiledPolicy,
    Left,
    Outcome,
    Policy,
    PolicyRef,
    Rule,
    ScoreAtLeast,
    Unless,
)
from protocol.policies.diagram import TooComplicated
from tests.protocol.policies.written import SMALL, Whole, decided, wholes

_GRADES = st.sampled_from(Grade)
KNOWN = st.fixed_dictionaries(
    {},
    optional={
        "document": st.sampled_from(["passport", "unknown"]),
        "age": st.sampled_from(["yes", "no"]),
        "tamper": _GRADES,
        "register": _GRADES,
    },
)
# With the check, its measure is known, or that there is none.
MEASURED = st.sampled_from([None, 0.1, 0.3, 0.7])


def given_to(ready: CompiledPolicy, known: Mapping[str, object], *, aged: bool) -> Left:
    checks = [(check, str(known[check.value])) for check in CHECKS if check.value in known]
    similarity = known.get("similarity")
    classes = ready.classes(
        document=str(known["document"]) if "document" in known else None,
        age=str(known["age"]) if "age" in known else None,
        checks=checks,
        scores=[("tamper/similarity", similarity)] if isinstance(similarity, float) else [],
    )
    return ready.left(classes, aged=aged, barred=False)


def facts(known: Mapping[str, object], similarity: float | None) -> dict[str, object]:
    return {**known, "similarity": similarity} if "tamper" in known else dict(known)


@given(policy=SMALL, known=KNOWN, similarity=MEASURED, aged=st.booleans())
@settings(deadline=None, max_examples=150)
def test_what_is_possible_is_what_every_completion_of_the_facts_gives(
    policy: Policy, known: dict[str, object], similarity: float | None, aged: bool
) -> None:
    ready, told = CompiledPolicy(policy), facts(known, similarity)

    possible = given_to(ready, told, aged=aged).outcomes

    expected = {decided(policy, whole, aged=aged, named=ready.named) for whole in wholes(told)}
    assert possible == expected


@given(policy=SMALL, known=KNOWN, similarity=MEASURED, aged=st.booleans())
@settings(deadline=None, max_examples=100)
def test_a_fact_is_open_exactly_when_it_alone_could_change_the_outcome(
    policy: Policy, known: dict[str, object], similarity: float | None, aged: bool
) -> None:
    ready, told = CompiledPolicy(policy), facts(known, similarity)

    found = given_to(ready, told, aged=aged).open

    outcomes: dict[tuple[str, object], set[Outcome]] = {}
    for whole in wholes(told):
        outcome = decided(policy, whole, aged=aged, named=ready.named)
        for name, rest in _but_one(whole):
            outcomes.setdefault((name, rest), set()).add(outcome)
    assert found == {name for (name, _), seen in outcomes.items() if len(seen) > 1}


def _but_one(whole: Whole) -> list[tuple[str, object]]:
    """Name each fact, with everything else as it is."""
    values = {
        "document_type": whole.document,
        "over_minimum": whole.age,
        "tamper": whole.grades[Check.TAMPER],
        "register": whole.grades[Check.REGISTER],
        "tamper/similarity": whole.similarity,
    }
    return [(name, tuple(v for other, v in values.items() if other != name)) for name in values]


def test_something_or_its_opposite_needs_no_fact() -> None:
    clear = CheckIs(Check.TAMPER, frozenset({Grade.CLEAR}))
    policy = Policy(
        ref=PolicyRef("odd", 1),
        rules=(Rule(Outcome.DECLINE, clear), Rule(Outcome.DECLINE, Unless(clear))),
    )

    assert CompiledPolicy(policy).left({}, aged=False, barred=False).outcomes == {Outcome.DECLINE}


def test_a_grade_that_is_counted_as_another_one_is_waited_for_by_nobody() -> None:
    """Found by the first property above: the register's not applicable is read as suspected here."""
    never = CheckIs(Check.REGISTER, frozenset({Grade.NOT_APPLICABLE}))
    policy = Policy(
        ref=PolicyRef("odd", 1),
        rules=(Rule(Outcome.APPROVE, never),),
        counts_as=((Check.REGISTER, Grade.SUSPECTED),),
    )

    left = CompiledPolicy(policy).left({}, aged=False, barred=False)

    assert left.outcomes == {Outcome.REFER}
    assert left.open == set()


def test_a_document_of_a_type_to_come_is_none_of_those_that_are_named() -> None:
    policy = Policy(ref=PolicyRef("odd", 1), rules=())

    assert CompiledPolicy(policy).classes(document="library_card", age=None, checks=())["document_type"] == 0


def test_a_grade_of_a_version_to_come_could_not_be_asked() -> None:
    ready = CompiledPolicy(Policy(ref=PolicyRef("odd", 1), rules=()))

    assert ready.graded(Check.TAMPER, "splendid") is Grade.UNAVAILABLE


def test_what_cannot_be_kept_apart_is_refused() -> None:
    """Each measure has its own bound in each rule, so that the facts can come to ever more."""

    def rule(n: int) -> Rule:
        parts = tuple(ScoreAtLeast(check, "part", (n * (i + 3)) % 17 / 17) for i, check in enumerate(CHECKS))
        return Rule((Outcome.DECLINE, Outcome.REFER)[n % 2], AllOf(parts))

    with pytest.raises(TooComplicated):
        CompiledPolicy(Policy(ref=PolicyRef("odd", 1), rules=tuple(rule(n) for n in range(60))))
