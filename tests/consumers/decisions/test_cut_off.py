"""What a policy makes of what is outstanding at its deadline, against every way in which it may come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.decisions.engine import Answer, evaluate
from consumers.decisions.known import Facts, Known, Waits
from protocol.checks import CHECKS, Check, Grade
from protocol.policies import CompiledPolicy, Outcome, Policy
from tests.protocol.policies.written import SMALL, Whole, decided, wholes

_GRADES = st.sampled_from(Grade)
KNOWN = st.fixed_dictionaries(
    {},
    optional={
        "document": st.sampled_from(["passport", "unknown", "uk_driving_licence"]),
        "age": st.sampled_from(["yes", "no"]),
        "tamper": _GRADES,
        "register": _GRADES,
    },
)


def facts(known: Mapping[str, str], similarity: float | None, *, aged: bool, waits: bool = False) -> Facts:
    """Give the engine's form of what is known; the event of each fact is named like it."""
    scores = () if similarity is None else (("similarity", similarity),)
    found = {c: Known(known[c], c.value, scores if c is Check.TAMPER else ()) for c in CHECKS if c in known}
    return Facts(
        minimum_age=18 if aged else 0,
        checks=found,
        document=Known(known["document"], "document") if "document" in known else None,
        age=Known(known["age"], "age") if "age" in known else None,
        waited={Check.REGISTER: Waits("waits", 9)} if waits else {},
    )


def told(known: Mapping[str, str], similarity: float | None) -> dict[str, object]:
    return {**known, "similarity": similarity} if "tamper" in known else dict(known)


def opposing(ready: CompiledPolicy, known: Mapping[str, str]) -> frozenset[Check]:
    """List the checks whose end stands against an approval: also one that the policy does not name."""
    against = {c for c in (Check.TAMPER, Check.REGISTER) if known.get(c) in {"suspected", "rejected"}}
    return ready.named | against


def cut_off(known: Mapping[str, str], similarity: float | None, **other: str) -> Whole:
    """Give a case as it is read at the deadline, but for what is named otherwise."""
    read = {"tamper": "unavailable", "register": "unavailable", **known, **other}
    return Whole(
        document=known.get("document", "unknown"),
        age=known.get("age", "no"),
        grades={one: Grade(read[one]) for one in (Check.TAMPER, Check.REGISTER)},
        similarity=similarity if "tamper" in known else None,
    )


@given(policy=SMALL, known=KNOWN, similarity=st.sampled_from([None, 0.1, 0.3, 0.7]), aged=st.booleans())
@settings(deadline=None, max_examples=100)
def test_at_its_deadline_a_policy_says_what_it_would_if_all_that_is_outstanding_were_unavailable(
    policy: Policy, known: dict[str, str], similarity: float | None, aged: bool
) -> None:
    ready, found = CompiledPolicy(policy), facts(known, similarity, aged=aged)
    before = evaluate(ready, found, may_approve_ahead=True)

    said = evaluate(ready, found, may_approve_ahead=True, late=True)

    possible = {
        decided(policy, w, aged=aged, named=opposing(ready, known)) for w in wholes(told(known, similarity))
    }
    if possible == {Outcome.APPROVE} or Outcome.APPROVE not in possible:
        assert said == before
        return
    read = decided(policy, cut_off(known, similarity), aged=aged, named=opposing(ready, known))
    assert said.outcome == (Outcome.APPROVE if read is Outcome.APPROVE else Outcome.REFER)
    assert (said.final, said.missing, said.on_trust_until_us) == (False, before.missing, 0)
    assert said.missing
    assert set(said.because) <= set(known)


@given(policy=SMALL, known=KNOWN, similarity=st.sampled_from([None, 0.3]), aged=st.booleans())
@settings(deadline=None, max_examples=100)
def test_what_a_dial_waits_for_is_not_read_as_unavailable(
    policy: Policy, known: dict[str, str], similarity: float | None, aged: bool
) -> None:
    policy, known = replace(policy, provisional=None), {n: v for n, v in known.items() if n != "register"}
    ready, found = CompiledPolicy(policy), facts(known, similarity, aged=aged, waits=True)
    before = evaluate(ready, found, may_approve_ahead=True)

    said = evaluate(ready, found, may_approve_ahead=True, late=True)

    if before.outcome is not None and not before.on_trust_until_us:
        assert said == before
        return
    read = {
        grade: decided(
            policy, cut_off(known, similarity, register=grade), aged=aged, named=opposing(ready, known)
        )
        for grade in Grade
    }
    assert said == replace(_read(read, ready), missing=before.missing, because=said.because)
    assert set(said.because) <= {*known, "waits"}


def _read(read: dict[Grade, Outcome], ready: CompiledPolicy) -> Answer:
    """Say what follows, by every end that the waiting may have."""
    # A grade that is counted as another one does not come by itself.
    possible = {read[grade] for grade in Grade if ready.graded(Check.REGISTER, grade) is grade}
    if Outcome.APPROVE not in possible:
        return Answer(Outcome.REFER, False, (), ())
    if len(possible) == 1:
        return Answer(Outcome.APPROVE, False, (), ())
    if read[Grade.CLEAR] is Outcome.APPROVE:
        return Answer(Outcome.APPROVE, False, (), (), on_trust_until_us=9)
    return Answer(None, False, (), ())
