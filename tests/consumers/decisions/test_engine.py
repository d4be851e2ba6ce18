"""A policy decides at the first moment when no outstanding fact could change its answer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.decisions.engine import Answer, evaluate
from consumers.decisions.known import Waits
from protocol.checks import CHECKS, Check
from protocol.policies import CompiledPolicy, Outcome
from tests.consumers.decisions.completions import FACTS, FULL, LOW, Whole, outcomes, telling, whole_facts

POLICY = st.sampled_from([LOW, FULL])
LICENCE = {"document_type": "uk_driving_licence"}
ALL_CLEAR = {check.value: "clear" for check in CHECKS}


def ask(policy: CompiledPolicy, whole: Whole, *, ahead: bool = True) -> Answer:
    return evaluate(policy, whole_facts(whole), may_approve_ahead=ahead)


def answer(
    policy: CompiledPolicy, values: dict[str, str], *, minimum_age: int = 0, ahead: bool = True
) -> Answer:
    return ask(policy, Whole(minimum_age, values), ahead=ahead)


@given(policy=POLICY, whole=FACTS)
@settings(deadline=None, max_examples=60)
def test_a_final_answer_is_what_every_completion_gives(policy: CompiledPolicy, whole: Whole) -> None:
    said, possible = ask(policy, whole), outcomes(policy, whole)

    assert said.final == (len(possible) == 1 and Outcome.REFER not in possible)
    assert not said.final or possible == {said.outcome}


@given(policy=POLICY, whole=FACTS)
@settings(deadline=None, max_examples=60)
def test_an_answer_is_settled_exactly_when_nothing_could_change_it(
    policy: CompiledPolicy, whole: Whole
) -> None:
    said, possible = ask(policy, whole), outcomes(policy, whole)

    assert (said.missing == ()) == (len(possible) == 1)
    assert said.outcome is None or said.outcome in possible


@given(policy=POLICY, whole=FACTS)
@settings(deadline=None, max_examples=40)
def test_what_is_missing_is_what_could_change_the_answer(policy: CompiledPolicy, whole: Whole) -> None:
    checks = {"document_type": "document", "age_fact": "age"}

    expected = {checks.get(slot, slot) for slot in telling(policy, whole)}

    assert set(ask(policy, whole).missing) == expected


def waiting(policy: CompiledPolicy, whole: Whole) -> Answer:
    """Ask while, or after, the register is waited for."""
    facts = replace(whole_facts(whole), waited={Check.REGISTER: Waits("waits", 9)})
    return evaluate(policy, facts, may_approve_ahead=True)


@given(policy=POLICY, whole=FACTS)
@settings(deadline=None, max_examples=60)
def test_it_is_approved_on_trust_exactly_when_a_clear_register_would_leave_nothing_else(
    policy: CompiledPolicy, whole: Whole
) -> None:
    open_ = Whole(whole.minimum_age, {k: v for k, v in whole.values.items() if k != "register"})
    hoped = Whole(whole.minimum_age, {**open_.values, "register": "clear"})
    without, said = ask(policy, open_), waiting(policy, open_)

    trusted = without.outcome is None and outcomes(policy, hoped) == {Outcome.APPROVE}

    assert (said.on_trust_until_us == 9) == trusted
    assert said.outcome == (Outcome.APPROVE if trusted else without.outcome)
    assert said.missing == without.missing
    assert not said.final or said == without
    assert not trusted or set(said.because) <= {"waits", *open_.values}


@given(policy=POLICY, whole=FACTS)
@settings(deadline=None, max_examples=60)
def test_a_decline_by_the_register_alone_is_a_person_s_where_it_was_waited_for(
    policy: CompiledPolicy, whole: Whole
) -> None:
    others = Whole(whole.minimum_age, {k: v for k, v in whole.values.items() if k != "register"})
    plain = ask(policy, whole)

    declined = plain.outcome is Outcome.DECLINE
    by_register = declined and "register" in whole.values and outcomes(policy, others) != {Outcome.DECLINE}

    if "register" in whole.values:
        said = waiting(policy, whole)
        assert said.outcome == (Outcome.REFER if by_register else plain.outcome)
        assert said.because == plain.because
        assert by_register or said == plain


@given(policy=POLICY, whole=FACTS)
@settings(deadline=None, max_examples=50)
def test_nobody_too_young_or_of_unknown_age_is_approved(policy: CompiledPolicy, whole: Whole) -> None:
    said = ask(policy, whole)

    old_enough = whole.minimum_age == 0 or whole.values.get("age_fact") == "yes"

    assert said.outcome is not Outcome.APPROVE or old_enough


@given(policy=POLICY, whole=FACTS)
@settings(deadline=None, max_examples=50)
def test_a_refer_is_never_final(policy: CompiledPolicy, whole: Whole) -> None:
    said = ask(policy, whole)

    assert said.outcome is not Outcome.REFER or not said.final


@given(policy=POLICY, whole=FACTS)
@settings(deadline=None, max_examples=50)
def test_an_answer_rests_on_known_facts_alone(policy: CompiledPolicy, whole: Whole) -> None:
    said = ask(policy, whole)

    assert set(said.because) <= set(whole.values)
    assert said.outcome is None or said.because or not whole.values


@given(policy=POLICY, whole=FACTS)
@settings(deadline=None, max_examples=50)
def test_what_an_answer_rests_on_is_enough_for_the_outcome(policy: CompiledPolicy, whole: Whole) -> None:
    said = ask(policy, whole)
    alone = Whole(whole.minimum_age, {slot: whole.values[slot] for slot in said.because})

    assert said.outcome is not Outcome.APPROVE or ask(policy, alone).outcome is Outcome.APPROVE


def test_a_licence_alone_is_approved_ahead_for_a_low_stake() -> None:
    said = answer(LOW, LICENCE)

    assert said == Answer(Outcome.APPROVE, False, (Check.CONSISTENCY, Check.TAMPER), ("document_type",))


def test_a_low_stake_with_a_minimum_age_waits_for_the_age() -> None:
    waiting = answer(LOW, LICENCE, minimum_age=18)

    ahead = answer(LOW, {**LICENCE, "age_fact": "yes"}, minimum_age=18)

    assert (waiting.outcome, ahead.outcome) == (None, Outcome.APPROVE)


def test_a_low_stake_is_final_with_tamper_and_consistency() -> None:
    said = answer(LOW, {**LICENCE, "tamper": "caution", "consistency": "clear"})

    assert said == Answer(Outcome.APPROVE, True, (), ("consistency", "document_type", "tamper"))


@pytest.mark.parametrize("grade", ["suspected", "rejected", "unavailable", "not_applicable"])
def test_a_low_stake_refers_when_tamper_ends_otherwise(grade: str) -> None:
    said = answer(LOW, {**LICENCE, "tamper": grade})

    assert (said.outcome, said.missing, said.because) == (Outcome.REFER, (), ("tamper",))


def test_another_document_refers_a_low_stake_at_once() -> None:
    assert answer(LOW, {"document_type": "passport"}) == Answer(Outcome.REFER, False, (), ("document_type",))


def test_a_doubt_about_a_face_refers_even_a_low_stake() -> None:
    said = answer(LOW, {**LICENCE, "liveness": "suspected"})

    assert (said.outcome, said.missing, said.because) == (Outcome.REFER, (), ("liveness",))


def test_an_approval_ahead_whose_time_is_over_becomes_a_refer_that_waits() -> None:
    said = answer(LOW, LICENCE, ahead=False)

    assert (said.outcome, said.missing) == (Outcome.REFER, (Check.CONSISTENCY, Check.TAMPER))


def test_nine_clear_checks_are_approved_in_full() -> None:
    said = answer(FULL, ALL_CLEAR)

    assert said == Answer(Outcome.APPROVE, True, (), tuple(sorted(ALL_CLEAR)))


@pytest.mark.parametrize("check", [c.value for c in CHECKS if c is not Check.REGISTER])
def test_full_takes_not_applicable_for_clear_but_of_the_register(check: str) -> None:
    assert answer(FULL, {**ALL_CLEAR, check: "not_applicable"}).outcome is Outcome.APPROVE


def test_full_refers_a_document_the_register_cannot_know() -> None:
    assert answer(FULL, {**ALL_CLEAR, "register": "not_applicable"}).outcome is Outcome.REFER


def test_full_declines_at_the_first_rejection() -> None:
    assert answer(FULL, {"register": "rejected"}) == Answer(Outcome.DECLINE, True, (), ("register",))


def test_full_says_at_once_that_it_will_not_approve_but_waits() -> None:
    said = answer(FULL, {**dict.fromkeys(("quality", "document"), "clear"), "tamper": "suspected"})

    assert (said.outcome, said.because) == (Outcome.REFER, ("tamper",))
    assert set(said.missing) == set(CHECKS) - {Check.QUALITY, Check.DOCUMENT, Check.TAMPER}


def test_full_says_nothing_while_everything_is_open() -> None:
    assert answer(FULL, {}) == Answer(None, False, CHECKS, ())


def test_full_does_not_approve_an_age_that_was_not_proven() -> None:
    said = answer(FULL, {**ALL_CLEAR, "age": "not_applicable", "age_fact": "unknown"}, minimum_age=18)

    assert (said.outcome, said.missing) == (Outcome.REFER, ())
