"""A policy's own deadline: what is outstanding is unavailable to it, until a real answer replaces that."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.decisions.service import SPEC
from protocol.checks import CHECKS, GRADES, Check, Grade
from protocol.envelope import Event
from protocol.ids import to_us
from protocol.policies import (
    SHIPPED,
    AllOf,
    CheckIs,
    DocumentIs,
    Outcome,
    Policy,
    PolicyRef,
    Rule,
    Unless,
    write,
)
from protocol.schemas import client_v1_pb2 as client
from protocol.schemas import decisions_v1_pb2 as decisions
from protocol.schemas import verification_v1_pb2 as verification
from tests.changing import changed
from tests.consumers.decisions.histories import (
    CLIENT,
    START,
    Teller,
    always,
    but_register,
    check,
    checks,
    evidence,
    line,
    number,
    opening,
    waiting,
)
from tests.consumers.decisions.test_docket import last
from tests.consumers.journal import MemoryJournal, Service

FRONT, SUBMITTED_S, LATE_S = 3, 0.4, 8
LOW, FULL = (replace(policy, deadline_s=LATE_S) for policy in SHIPPED)
# One that takes a face that could not be looked at in time, and no rejected one.
LENIENT = Policy(
    ref=PolicyRef("lenient", 1),
    rules=(
        Rule(Outcome.DECLINE, CheckIs(Check.LIVENESS, frozenset({Grade.REJECTED}))),
        Rule(
            Outcome.APPROVE,
            AllOf(
                (CheckIs(Check.TAMPER, frozenset({Grade.CLEAR})), Unless(DocumentIs(frozenset({"passport"}))))
            ),
        ),
    ),
    deadline_s=LATE_S,
)
LICENCE = verification.DocumentClassified(
    evidence_kind="document_front", evidence_keyseq=FRONT, document_type="uk_driving_licence"
)


def case(policy: Policy, *messages: Message, token_s: int = 1_800, minimum_age: int = 0) -> Teller:
    """Tell a case under a policy, ten messages a second; it is submitted at once."""
    teller = Teller(policies=always(policy))
    said = (*opening("own", token_s=token_s, minimum_age=minimum_age), evidence("front"))
    soon(teller, *said, verification.CaseSubmitted(by="client"), *messages)
    return teller


def soon(teller: Teller, *messages: Message) -> None:
    for n, message in enumerate(messages, 1):
        teller.hear(number(message, n, at_s=n / 10))


def at_deadline(teller: Teller) -> list[str]:
    before = len(teller.said)
    teller.pass_time(SUBMITTED_S + LATE_S)
    return teller.words[before:]


def test_nothing_is_said_before_the_deadline_and_once_at_it() -> None:
    teller = case(FULL, check("tamper", "clear", on=FRONT))

    teller.pass_time(SUBMITTED_S + LATE_S - 1)
    assert teller.words == []
    assert at_deadline(teller) == ["refer provisional+"]
    assert at_deadline(teller) == []


def test_what_it_says_names_what_is_outstanding_and_never_ends_by_itself_where_it_refers() -> None:
    teller = case(FULL, *[one for one in checks(on=FRONT) if one.check != "liveness"])
    at_deadline(teller)

    (said,) = teller.said
    assert isinstance(said, decisions.DecisionReached)
    assert (list(said.missing), said.expires_at_us) == (["liveness"], 0)


def test_an_approval_at_the_deadline_is_provisional_and_ends_with_the_token() -> None:
    teller = case(LENIENT, check("tamper", "clear", on=FRONT))

    assert at_deadline(teller) == ["approve provisional+"]
    (said,) = teller.said
    assert isinstance(said, decisions.DecisionReached)
    assert said.expires_at_us == to_us(START + timedelta(seconds=1_800))
    assert list(said.missing) == ["document", "liveness"]
    assert list(said.because) == [str(UUID(int=5))]
    teller.pass_time(1_800)
    assert teller.words[1:] == ["expired", "refer provisional+"]


def test_after_the_token_has_ended_nobody_is_approved_at_a_deadline() -> None:
    assert at_deadline(case(LENIENT, check("tamper", "clear", on=FRONT), token_s=6)) == ["refer provisional+"]


def test_an_age_that_is_outstanding_is_not_proven() -> None:
    assert at_deadline(case(LENIENT, check("tamper", "clear", on=FRONT), minimum_age=18)) == [
        "refer provisional+"
    ]


def test_an_approval_ahead_gives_way_to_what_the_rules_say_at_the_deadline() -> None:
    teller = case(LOW, LICENCE)

    assert teller.words == ["approve provisional+"]
    assert at_deadline(teller) == ["refer provisional+"]


def test_a_decline_that_only_the_deadline_gives_is_left_to_a_person() -> None:
    strict = replace(
        FULL,
        rules=(Rule(Outcome.DECLINE, CheckIs(Check.LIVENESS, frozenset({Grade.UNAVAILABLE}))), *FULL.rules),
    )

    teller = case(strict, check("tamper", "clear", on=FRONT))

    assert at_deadline(teller) == ["refer provisional+"]
    teller.hear(number(check("liveness", "unavailable", on=FRONT), 50, at_s=20))
    assert teller.words[1:] == ["decline final"]


@pytest.mark.parametrize(("status", "words"), [("clear", "approve final"), ("rejected", "decline final")])
def test_a_real_answer_replaces_what_was_said_at_the_deadline(status: str, words: str) -> None:
    teller = case(FULL, *[one for one in checks(on=FRONT) if one.check != "liveness"])
    at_deadline(teller)

    teller.hear(number(check("liveness", status, on=FRONT), 50, at_s=20))

    assert teller.words == ["refer provisional+", words]


def test_a_final_decision_is_not_undone_by_newer_evidence_that_is_not_judged_yet() -> None:
    teller = case(FULL, *checks(on=FRONT))
    teller.hear(number(evidence("front"), 50, at_s=2))

    assert at_deadline(teller) == []
    assert teller.words == ["approve final"]


def test_a_dial_in_force_outlasts_the_deadline_and_trust_is_given_by_its_own_rules() -> None:
    teller = Teller(policies=always(FULL))
    teller.set_dial("500.00")
    said = (*opening("own"), evidence("front"), verification.CaseSubmitted(by="client"))
    soon(teller, *said, waiting(on=FRONT, until_s=900), *but_register(on=FRONT))

    assert teller.words == ["approve provisional+", "reserved 20.00"]
    teller.pass_time(60)
    assert len(teller.words) == 2
    teller.hear(number(check("register", "clear", on=FRONT), 50, at_s=70))
    assert teller.words[2:] == ["approve final", "released"]


def in_brief(teller: Teller) -> tuple[str, bool]:
    """Say what holds in the end, and whether anything is missing: a shorter list is not said anew."""
    outcome, *missing = last(teller)
    return outcome, bool(missing)


POLICIES = st.sampled_from([LOW, FULL, LENIENT])
_SOME = st.sampled_from([*(grade.value for grade in GRADES), "clear", "clear", "clear"])


@given(data=st.data(), policy=POLICIES, minimum_age=st.sampled_from([0, 18]), lasts=st.booleans())
@settings(deadline=None, max_examples=80)
def test_any_order_of_what_comes_before_and_after_the_deadline_ends_alike(
    data: st.DataObject, policy: Policy, minimum_age: int, lasts: bool
) -> None:
    grades = data.draw(st.lists(_SOME, min_size=9, max_size=9))
    ended = checks(on=FRONT, **dict(zip((c.value for c in CHECKS), grades, strict=True)))
    known: list[Message] = [
        LICENCE,
        verification.AgeEstablished(over_minimum="yes", evidence_keyseq=FRONT),
        *ended,
    ]
    known = [one for one in known if data.draw(st.booleans())]
    known.insert(data.draw(st.integers(0, len(known))), verification.CaseSubmitted(by="client"))
    said = (*opening("own", minimum_age=minimum_age, token_s=1_800 if lasts else 12), evidence("front"))
    events = line(*said, *known)
    in_order, mixed = Teller(policies=always(policy)), Teller(policies=always(policy))

    for event in events:
        in_order.pass_time((event.envelope.occurred_at - START).total_seconds())
        in_order.hear(event)
    for event in data.draw(st.permutations([*events, *events[::3]])):
        mixed.hear(event)
    in_order.pass_time(60)
    mixed.pass_time(60)

    assert in_brief(mixed) == in_brief(in_order)
    assert mixed.docket.expires_at_us == in_order.docket.expires_at_us


def _history(place: int, policy: str) -> list[Event]:
    """Make a case of which some is known before the deadline, some after it and some never."""
    chance = random.Random(place)
    doubts = {chance.choice(CHECKS).value: chance.choice(GRADES).value}
    known: list[Message] = [LICENCE, *[one for one in checks(on=FRONT, **doubts) if chance.random() < 0.9]]
    chance.shuffle(known)
    said = [*opening(policy), evidence("front"), verification.CaseSubmitted(by="client"), *known]
    at_s, events = place / 7, []
    for keyseq, message in enumerate(said, 1):
        at_s += chance.choice([0.1, 0.2, 3])
        event = number(message, keyseq, at_s=at_s, case=f"case-{place}")
        events.append(Event(changed(event, id=UUID(int=place * 100 + keyseq).bytes), event.message))
    return events


def _run(folder: Path, journal: MemoryJournal, events: list[Event], *, late: bool) -> None:
    """Let the service hear events, one by one with the clock or all of them a week later, and restart it."""
    folder.mkdir()
    week_us = to_us(START + timedelta(days=7))
    for portion in [events] if late else [events[at : at + 5] for at in range(0, len(events), 5)]:
        clock_us = week_us if late else to_us(portion[-1].envelope.occurred_at)
        service = Service(SPEC, folder, journal, clock_us=clock_us)
        journal.append(MemoryJournal(portion).records)
        service.settle()
        service.clock_us = week_us if portion[-1] is events[-1] else clock_us
        service.settle()
        service.store.close()


def test_off_at_the_deadline_and_started_later_it_says_what_it_would_have_said(tmp_path: Path) -> None:
    policies = [LOW, FULL, LENIENT]
    said = [
        client.PolicyChanged(name=f"p{n}", version=1, content=json.dumps(write(policy)))
        for n, policy in enumerate(policies)
    ]
    begin = [
        Event(changed(number(one, n, at_s=0, case=CLIENT), id=UUID(int=n).bytes), one)
        for n, one in enumerate(said, 1)
    ]
    cases = [event for place in range(1, 31) for event in _history(place, f"p{place % 3}")]
    events = [*begin, *sorted(cases, key=lambda event: event.envelope.occurred_at)]
    timely, late = MemoryJournal(), MemoryJournal()

    _run(tmp_path / "timely", timely, events, late=False)
    _run(tmp_path / "late", late, events, late=True)

    names = [f"case-{place}" for place in range(1, 31)]
    told = [late.said(name, "decisions.decision") for name in names]
    assert [_words(one) for one in told] == [
        _words(timely.said(name, "decisions.decision")) for name in names
    ]
    assert all(told)


def _words(said: list[Message]) -> list[tuple[str, list[str]]]:
    return [
        (type(one).__name__ + getattr(one, "outcome", ""), list(getattr(one, "missing", ()))) for one in said
    ]
