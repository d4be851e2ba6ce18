"""An engine of its own kind for comparison: tries every way in which the missing facts may come out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from hypothesis import strategies as st

from consumers.decisions.known import Facts, Known
from protocol.checks import CHECKS, GRADES, Check
from protocol.policies import SHIPPED, CompiledPolicy, Outcome

__all__ = ["FACTS", "FULL", "LOW", "Whole", "known", "outcomes", "telling", "whole_facts"]

LOW, FULL = (CompiledPolicy(policy) for policy in SHIPPED)
DOCUMENTS = ("uk_driving_licence", "passport", "unknown")
AGES = ("yes", "no", "unknown")
# The slots a policy reads, and the values each may take.
VALUES: dict[str, tuple[str, ...]] = {
    "document_type": DOCUMENTS,
    "age_fact": AGES,
    **{check.value: tuple(grade.value for grade in GRADES) for check in CHECKS},
}
NAMED = {
    "low_stake": ("document_type", "age_fact", "tamper", "consistency"),
    "full": ("age_fact", *(check.value for check in CHECKS)),
}


@dataclass(frozen=True)
class Whole:
    """Facts as a flat table of slot to value; a slot that is not there is not known."""

    minimum_age: int
    values: dict[str, str]


def whole_facts(whole: Whole) -> Facts:
    """Give the engine's form of a table of facts; the event id of each is its slot."""
    single = {slot: known(slot, value) for slot, value in whole.values.items()}
    return Facts(
        minimum_age=whole.minimum_age,
        checks={check: single[check] for check in CHECKS if check in single},
        document=single.get("document_type"),
        age=single.get("age_fact"),
    )


def known(slot: str, value: str) -> Known:
    """Make a fact whose event is named like its slot."""
    return Known(value, slot)


def outcomes(policy: CompiledPolicy, whole: Whole) -> set[Outcome]:
    """List what may come out, over every completion of the facts that the policy names."""
    return {_decide(policy, done, whole) for done in _completions(policy, whole)}


def telling(policy: CompiledPolicy, whole: Whole) -> set[str]:
    """Name the missing slots whose value alone changes the outcome in at least one completion."""
    slots = _open_slots(policy, whole)
    return {
        slot
        for slot in slots
        if any(_turns(policy, whole, done, slot) for done in _completions(policy, whole))
    }


def _turns(policy: CompiledPolicy, whole: Whole, done: dict[str, str], slot: str) -> bool:
    return len({_decide(policy, {**done, slot: value}, whole) for value in VALUES[slot]}) > 1


def _open_slots(policy: CompiledPolicy, whole: Whole) -> list[str]:
    return [slot for slot in NAMED[policy.policy.ref.name] if slot not in whole.values]


def _completions(policy: CompiledPolicy, whole: Whole) -> Iterator[dict[str, str]]:
    slots = _open_slots(policy, whole)
    for values in product(*(VALUES[slot] for slot in slots)):
        yield {**whole.values, **dict(zip(slots, values, strict=True))}


def _decide(policy: CompiledPolicy, done: dict[str, str], whole: Whole) -> Outcome:
    said = _low_stake(done) if policy is LOW else _full(done)
    opposed = any(whole.values.get(check) in {"suspected", "rejected"} for check in CHECKS)
    too_young = whole.minimum_age > 0 and done["age_fact"] != "yes"
    return Outcome.REFER if said is Outcome.APPROVE and (opposed or too_young) else said


def _low_stake(done: dict[str, str]) -> Outcome:
    licence = done["document_type"] == "uk_driving_licence"
    fine = all(done[check] in {"clear", "caution"} for check in ("tamper", "consistency"))
    return Outcome.APPROVE if licence and fine else Outcome.REFER


def _full(done: dict[str, str]) -> Outcome:
    grades = {done[check] for check in CHECKS}
    if "rejected" in grades:
        return Outcome.DECLINE
    doubts = {"suspected", "caution", "unavailable"} & grades
    return Outcome.REFER if doubts or done["register"] == "not_applicable" else Outcome.APPROVE


def _facts(
    slots: dict[str, st.SearchStrategy[str]], left_out: list[str]
) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries({slot: values for slot, values in slots.items() if slot not in left_out})


_GRADES = st.sampled_from([*(grade.value for grade in GRADES), "clear", "clear", "clear", "clear", "clear"])
_SLOTS = {
    "document_type": st.sampled_from([*DOCUMENTS, "uk_driving_licence"]),
    "age_fact": st.sampled_from([*AGES, "yes"]),
    **{check.value: _GRADES for check in Check},
}
# At most four missing facts: brute force tries 6 ** 4 completions.
FACTS: st.SearchStrategy[Whole] = st.lists(st.sampled_from(list(_SLOTS)), max_size=4).flatmap(
    lambda left_out: st.builds(Whole, minimum_age=st.sampled_from([0, 18]), values=_facts(_SLOTS, left_out))
)
