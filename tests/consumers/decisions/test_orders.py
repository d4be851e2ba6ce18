"""Whatever order the facts come in, and however late the service is: each case is decided once, and alike."""

from __future__ import annotations

import random
from pathlib import Path
from uuid import UUID

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.decisions.service import SPEC
from protocol.checks import CHECKS, GRADES
from protocol.envelope import Event
from protocol.ids import to_us
from protocol.schemas import client_v1_pb2 as client
from protocol.schemas import decisions_v1_pb2 as decisions
from protocol.schemas import verification_v1_pb2 as verification
from tests.changing import changed
from tests.consumers.decisions.histories import (
    CLIENT,
    START,
    but_register,
    check,
    checks,
    concluded,
    evidence,
    line,
    number,
    opening,
    standing,
    tell,
    waiting,
)
from tests.consumers.journal import MemoryJournal, Service

CASES = 500
_A_YEAR_S = 365 * 86_400
_OUTCOMES = ["approve", "refer", "decline"]


def _facts(chance: random.Random) -> list[Message]:
    """Make what becomes known of a case; one in two has a doubt."""
    doubts = {} if chance.random() < 0.5 else {chance.choice(CHECKS).value: chance.choice(GRADES).value}
    kind = chance.choice(["uk_driving_licence", "uk_driving_licence", "passport"])
    said: list[Message] = [
        verification.DocumentClassified(
            evidence_kind="document_front", evidence_keyseq=3, document_type=kind
        ),
        verification.AgeEstablished(over_minimum=chance.choice(["yes", "yes", "no"]), evidence_keyseq=3),
        *checks(on=3, **doubts),
    ]
    chance.shuffle(said)
    return said


def _case(place: int, *, people: bool = False) -> list[Event]:
    """Make a case's events, some two hours apart: an approval ahead ends between them.

    With `people`, one or two decide among the facts.
    """
    chance = random.Random(place)
    policy = chance.choice(["full", "low_stake"])
    said = [*opening(policy, minimum_age=chance.choice([0, 18])), evidence("front"), *_facts(chance)]
    for _ in range(chance.choice([1, 2]) if people else 0):
        said.insert(chance.randrange(3, len(said) + 1), concluded(chance.choice(_OUTCOMES)))
    at_s, events = float(place), []
    for keyseq, message in enumerate(said, 1):
        at_s += chance.choice([1, 1, 1, 1, 7_200])
        event = number(message, keyseq, at_s=at_s, case=f"case-{place}")
        events.append(Event(changed(event, id=UUID(int=place * 100 + keyseq).bytes), event.message))
    return events


@pytest.mark.slow
@pytest.mark.timeout(500)
def test_started_after_500_cases_it_says_of_each_what_it_would_have_said(tmp_path: Path) -> None:
    cases = [_case(place) for place in range(CASES)]
    events = sorted((event for case in cases for event in case), key=lambda e: e.envelope.occurred_at)
    late, timely = MemoryJournal(events), MemoryJournal()

    _run(tmp_path / "late", late, [[]], to_us(START) + _A_YEAR_S * 1_000_000)
    portions = [events[at : at + 40] for at in range(0, len(events), 40)]
    _run(tmp_path / "timely", timely, [*portions, []], 0)

    names = [f"case-{place}" for place in range(CASES)]
    assert [_said(late, name) for name in names] == [_said(timely, name) for name in names]
    assert all(_said(late, name) for name in names)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_started_after_people_have_decided_each_case_stands_as_it_would_have(tmp_path: Path) -> None:
    cases = [_case(place, people=True) for place in range(200)]
    events = sorted((event for case in cases for event in case), key=lambda e: e.envelope.occurred_at)
    late, timely = MemoryJournal(events), MemoryJournal()

    _run(tmp_path / "late", late, [[]], to_us(START) + _A_YEAR_S * 1_000_000)
    portions = [events[at : at + 40] for at in range(0, len(events), 40)]
    _run(tmp_path / "timely", timely, [*portions, []], 0)

    names = [f"case-{place}" for place in range(len(cases))]
    assert [_said(late, name) for name in names] == [_said(timely, name) for name in names]
    stands = [
        standing(case, late.said(name, "decisions.decision")) for case, name in zip(cases, names, strict=True)
    ]
    assert {by for _, by in stands} == {"policy", "reviewer"}
    assert all(outcome == "refer" for outcome, by in stands if by == "policy")


def _waited_case(place: int) -> list[Event]:
    """Make a case whose register is waited for: most of the rest is clear, the answer comes in 15 minutes."""
    chance = random.Random(place)
    doubts = {"tamper": chance.choice(["clear", "clear", "caution", "rejected"])}
    at_s, answer = float(place), chance.choice(["clear", "rejected", "caution", "unavailable"])
    ahead = [*but_register(on=3, **doubts), waiting(on=3, until_s=at_s + 900)]
    chance.shuffle(ahead)
    ended = check("register", answer, on=3, final=answer != "unavailable")
    said = [*opening("full", stake=f"{chance.randint(1, 99)}.00"), evidence("front"), *ahead, ended]
    after_s = 900.0 if answer == "unavailable" else float(chance.randint(30, 890))
    name = f"case-{place}"
    events = []
    for keyseq, message in enumerate(said, 1):
        moment_s = at_s + (after_s if message is ended else keyseq / 100)
        event = number(message, keyseq, at_s=moment_s, case=name, applicant=name)
        events.append(Event(changed(event, id=UUID(int=place * 100 + keyseq).bytes), event.message))
    return events


@pytest.mark.slow
@pytest.mark.timeout(500)
def test_started_after_200_cases_that_waited_each_ends_as_it_would_have(tmp_path: Path) -> None:
    cases = [event for place in range(1, 201) for event in _waited_case(place)]
    limit = client.TrustLimit(currency="GBP", cap="500.00")
    dial = number(client.RegisterDialSet(on=True, limits=[limit]), 1, at_s=0, case=CLIENT)
    events = [dial, *sorted(cases, key=lambda e: e.envelope.occurred_at)]
    late, timely = MemoryJournal(events), MemoryJournal()

    _run(tmp_path / "late", late, [[]], to_us(START) + _A_YEAR_S * 1_000_000)
    portions = [events[at : at + 40] for at in range(0, len(events), 40)]
    _run(tmp_path / "timely", timely, [*portions, []], 0)

    names = [f"case-{place}" for place in range(1, 201)]
    assert [_ended(late, name) for name in names] == [_ended(timely, name) for name in names]
    assert {len(_said(late, name)) for name in names} <= {1, 2}
    assert not any(late.said(name, "decisions.exposure") for name in names)
    taken = [timely.said(name, "decisions.exposure") for name in names]
    assert {len(said) for said in taken} == {0, 2}


def _ended(journal: MemoryJournal, case: str) -> tuple[str, tuple[str, ...]]:
    """Say what a case came to: first word or correction."""
    outcome, _, missing = _said(journal, case)[-1]
    return outcome, missing


def _run(folder: Path, journal: MemoryJournal, portions: list[list[Event]], clock_us: int) -> None:
    """Let the service take portions of events as they come; clock 0: the clock goes with the events."""
    folder.mkdir()
    service = Service(SPEC, folder, journal, clock_us=clock_us)
    for portion in portions:
        journal.append(MemoryJournal(portion).records)
        if not clock_us or portion:
            ends = portion[-1].envelope.occurred_at if portion else None
            service.clock_us = to_us(ends) if ends else to_us(START) + _A_YEAR_S * 1_000_000
        service.settle(within_s=200)
    service.store.close()


def _said(journal: MemoryJournal, case: str) -> list[tuple[str, str, tuple[str, ...]]]:
    told = []
    for message in journal.said(case, "decisions.decision"):
        match message:
            case decisions.DecisionReached() as said:
                told.append((said.outcome, said.state, tuple(said.missing)))
            case decisions.DecisionCorrected() as said:
                told.append((said.outcome, "corrected", tuple(said.missing)))
            case decisions.DecisionExpired() as said:
                told.append((said.outcome, "expired", tuple(said.missing)))
    return told


@pytest.mark.slow
def test_a_thousand_orders_of_doubled_and_delayed_facts_end_alike() -> None:
    chance = random.Random(7)
    for place in range(20):
        events = line(*opening(("full", "low_stake")[place % 2]), evidence("front"), *_facts(chance))
        ends = set()
        for _ in range(50):
            shuffled = [*events, *chance.sample(events, 5)]
            chance.shuffle(shuffled)
            ends.add(_end(shuffled))
        assert len(ends) == 1


def _end(events: list[Event]) -> tuple[str, ...]:
    said = tell(events).said[-1]
    assert isinstance(said, decisions.DecisionReached | decisions.DecisionCorrected)
    return said.outcome, *said.missing


_SOME_DOUBT = st.sampled_from([g.value for g in GRADES if g.value not in {"clear", "not_applicable"}])


@given(data=st.data(), check=st.sampled_from([c.value for c in CHECKS]), doubt=_SOME_DOUBT)
@settings(deadline=None, max_examples=60)
def test_no_order_gets_a_doubt_approved(data: st.DataObject, check: str, doubt: str) -> None:
    events = line(*opening("full"), evidence("front"), *checks(on=3, **{check: doubt}))

    words = tell(data.draw(st.permutations([*events, *events[3::2]]))).words

    assert not [word for word in words if word.startswith("approve")]


@given(data=st.data(), left_out=st.sampled_from(range(9)))
@settings(deadline=None, max_examples=40)
def test_nothing_is_approved_for_good_while_a_fact_is_still_to_come(
    data: st.DataObject, left_out: int
) -> None:
    events = line(*opening("full"), evidence("front"), *checks(on=3))
    del events[3 + left_out]

    words = tell(data.draw(st.permutations(events))).words

    assert "approve final" not in words


def _reviewed(data: st.DataObject) -> list[Event]:
    """Draw a case with people's decisions among its facts, in the order in which they happened."""
    policy = data.draw(st.sampled_from(["full", "low_stake"]))
    grades = data.draw(st.lists(_GRADE, min_size=9, max_size=9))
    other = dict(zip((c.value for c in CHECKS), grades, strict=True))
    facts: list[Message] = [*checks(on=3, **other)]
    for outcome in data.draw(st.lists(st.sampled_from(_OUTCOMES), min_size=1, max_size=3)):
        facts.insert(data.draw(st.integers(0, len(facts))), concluded(outcome))
    return line(*opening(policy), evidence("front"), *facts)


_GRADE = st.sampled_from([*(grade.value for grade in GRADES), "clear", "clear", "clear"])


@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_whatever_the_order_a_case_that_people_decided_stands_alike(data: st.DataObject) -> None:
    events = _reviewed(data)
    shuffled = data.draw(st.permutations([*events, *events[2::4]]))

    assert standing(shuffled, tell(shuffled).said) == standing(events, tell(events).said)


@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_a_persons_decision_is_overridden_by_a_correction_of_a_doubted_approval_alone(
    data: st.DataObject,
) -> None:
    events = _reviewed(data)
    last = max(
        (e for e in events if isinstance(e.message, verification.ReviewConcluded)),
        key=lambda e: e.envelope.keyseq,
    )
    doubted = any(
        isinstance(e.message, verification.CheckCompleted)
        and e.message.status in {"suspected", "rejected"}
        and e.envelope.keyseq > last.envelope.keyseq
        for e in events
    )
    outcome = getattr(last.message, "outcome", "")

    stands = standing(events, tell(data.draw(st.permutations(events))).said)

    overridden = outcome == "approve" and doubted
    assert stands == (("refer", "policy") if overridden else (outcome, "reviewer"))
