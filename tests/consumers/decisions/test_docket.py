"""What the service says of a case, from its first fact to its last."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.decisions.docket import Docket, dump, load
from protocol.checks import CHECKS, GRADES
from protocol.envelope import Event
from protocol.ids import to_us
from protocol.policies import NoPolicy
from protocol.schemas import decisions_v1_pb2 as decisions
from protocol.schemas import verification_v1_pb2 as verification
from tests.consumers.decisions.histories import (
    START,
    Teller,
    check,
    checks,
    evidence,
    line,
    number,
    opening,
    tell,
)

FRONT = 3


def classified(kind: str = "uk_driving_licence", *, on: int = FRONT) -> verification.DocumentClassified:
    return verification.DocumentClassified(
        evidence_kind="document_front", evidence_keyseq=on, document_type=kind
    )


def aged(answer: str) -> verification.AgeEstablished:
    return verification.AgeEstablished(over_minimum=answer, evidence_keyseq=FRONT)


def reached(message: Message) -> decisions.DecisionReached:
    assert isinstance(message, decisions.DecisionReached)
    return message


def low(*messages: Message, minimum_age: int = 0) -> Teller:
    return tell(line(*opening("low_stake", minimum_age=minimum_age), evidence("front"), *messages))


def full(*messages: Message, minimum_age: int = 0) -> Teller:
    return tell(line(*opening("full", minimum_age=minimum_age), evidence("front"), *messages))


def test_a_low_stake_is_approved_ahead_and_then_for_good() -> None:
    teller = low(classified(), check("tamper", "clear", on=FRONT), check("consistency", "caution", on=FRONT))

    assert teller.words == ["approve provisional+", "approve final"]


def test_an_approval_ahead_ends_with_the_case_s_token() -> None:
    (said,) = low(classified()).said

    assert reached(said).expires_at_us == to_us(START + timedelta(seconds=1800))


def test_a_decision_names_the_events_it_rests_on() -> None:
    said = low(
        classified(), check("tamper", "clear", on=FRONT), check("consistency", "clear", on=FRONT)
    ).said[-1]

    assert list(reached(said).because) == [str(UUID(int=keyseq)) for keyseq in (4, 5, 6)]
    assert (reached(said).policy.name, reached(said).policy.version) == ("low_stake", 1)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("yes", ["approve provisional+"]),
        ("no", ["refer provisional"]),
        ("unknown", ["refer provisional"]),
    ],
)
def test_a_low_stake_with_a_minimum_age_depends_on_the_age(answer: str, words: list[str]) -> None:
    assert low(classified(), aged(answer), minimum_age=18).words == words


def test_a_late_token_does_not_approve_what_its_clock_has_passed() -> None:
    late = number(classified(), 4, at_s=1801)

    teller = tell([*line(*opening("low_stake"), evidence("front")), late])

    assert teller.words == ["refer provisional+"]


def test_an_approval_ahead_expires_and_becomes_a_refer() -> None:
    teller = low(classified())

    teller.pass_time(1799)
    teller.pass_time(1800)
    teller.pass_time(1900)

    assert teller.words == ["approve provisional+", "expired", "refer provisional+"]


def test_an_approval_of_a_withdrawn_case_expires_once_however_many_facts_come_later() -> None:
    teller = low(classified())
    teller.hear(number(verification.CaseWithdrawn(by="client"), 5, at_s=10))

    teller.pass_time(1800)
    teller.hear(number(check("tamper", "clear", on=FRONT), 6, at_s=1801))
    teller.hear(number(check("consistency", "clear", on=FRONT), 7, at_s=1802))

    assert teller.words == ["approve provisional+", "expired"]


def test_an_expiry_names_the_decision_that_ended() -> None:
    teller = low(classified())

    teller.pass_time(1800)

    assert teller.said[1] == decisions.DecisionExpired(
        decision_id="decision-1",
        policy=decisions.PolicyVersion(name="low_stake", version=1),
        outcome="approve",
        missing=["consistency", "tamper"],
    )


def test_facts_after_the_expiry_still_approve_for_good() -> None:
    teller = low(classified())
    teller.pass_time(1800)

    teller.hear(number(check("tamper", "clear", on=FRONT), 5, at_s=1801))
    teller.hear(number(check("consistency", "clear", on=FRONT), 6, at_s=1802))

    assert teller.words[2:] == ["refer provisional+", "approve final"]


def test_a_fresh_token_lets_the_approval_last_longer() -> None:
    teller = low(classified())

    teller.hear(number(opening("low_stake", token_s=3600)[1], 5))
    teller.pass_time(1900)

    assert teller.words == ["approve provisional+", "approve provisional+"]


def test_a_doubt_after_a_final_approval_corrects_it() -> None:
    teller = low(classified(), check("tamper", "clear", on=FRONT), check("consistency", "clear", on=FRONT))

    teller.hear(number(check("liveness", "suspected", on=0), 7))
    teller.hear(number(check("face_match", "rejected", on=0), 8))

    assert teller.words == ["approve provisional+", "approve final", "refer corrected"]
    assert isinstance(teller.said[-1], decisions.DecisionCorrected)
    assert teller.said[-1].decision_id == "decision-2"


def test_full_approves_when_the_last_check_is_clear() -> None:
    assert full(*checks(on=FRONT, age="not_applicable")).words == ["approve final"]


def test_full_declines_at_the_first_rejection_and_says_no_more() -> None:
    assert full(*checks(on=FRONT, quality="rejected", register="rejected")).words == ["decline final"]


def test_full_refers_at_the_first_doubt_and_again_when_settled() -> None:
    teller = full(*checks(on=FRONT, quality="caution", tamper="suspected"))

    assert teller.words == ["refer provisional+", "refer provisional"]


def test_a_better_answer_than_the_deadline_changes_the_decision() -> None:
    answers = [a for a in checks(on=FRONT) if a.check != "register"]
    late = check("register", "unavailable", on=FRONT, final=False)

    teller = full(*answers, late, check("register", "clear", on=FRONT))

    assert teller.words == ["refer provisional", "approve final"]


def test_a_refer_that_rested_on_a_deadline_is_said_again() -> None:
    answers = [a for a in checks(on=FRONT, tamper="suspected") if a.check != "register"]
    late = check("register", "unavailable", on=FRONT, final=False)

    teller = full(*answers, late, check("register", "clear", on=FRONT))

    assert teller.words == ["refer provisional+", "refer provisional", "refer provisional"]
    assert list(reached(teller.said[-1]).because) == [str(UUID(int=9))]


def test_a_second_front_opens_a_settled_refer_again() -> None:
    first = full(*checks(on=FRONT, quality="caution"))

    for event in line(evidence("front"), *checks(on=13), start=13):
        first.hear(event)

    assert first.words[-2:] == ["refer provisional+", "approve final"]


def test_an_approval_ahead_does_not_outlive_the_picture_it_rests_on() -> None:
    teller = low(classified(), evidence("front"), classified("passport", on=5))

    assert teller.words == ["approve provisional+", "refer provisional+", "refer provisional"]


def test_a_rejection_on_newer_evidence_turns_an_approval_into_a_refer() -> None:
    teller = full(*checks(on=FRONT))

    for event in line(evidence("front"), check("tamper", "rejected", on=13), start=13):
        teller.hear(event)

    assert teller.words == ["approve final", "refer corrected"]


def test_newer_evidence_without_a_doubt_leaves_an_approval_alone() -> None:
    teller = full(*checks(on=FRONT))

    for event in line(evidence("front"), *checks(on=13), start=13):
        teller.hear(event)

    assert teller.words == ["approve final"]


def test_a_decline_is_corrected_when_newer_evidence_has_settled() -> None:
    teller = full(*checks(on=FRONT, register="rejected"))

    for event in line(evidence("front"), *checks(on=13), start=13):
        teller.hear(event)

    assert teller.words == ["decline final", "approve corrected"]


def test_a_case_without_policy_gets_no_decision() -> None:
    assert tell(line(*opening("none"), evidence("front"), *checks(on=FRONT))).words == []


def test_a_withdrawn_case_gets_no_further_decision() -> None:
    assert full(verification.CaseWithdrawn(by="client"), *checks(on=FRONT)).words == []


def test_a_policy_that_nobody_has_is_refused() -> None:
    opened = verification.CaseOpened(policy_name="full", policy_version=9)

    with pytest.raises(NoPolicy, match="version 9"):
        Teller(Docket()).hear(number(opened, 1))


GRADE = st.sampled_from([*(grade.value for grade in GRADES), "clear", "clear", "clear"])
HISTORIES = st.builds(
    lambda policy, minimum_age, kind, age, grades: line(
        *opening(policy, minimum_age=minimum_age),
        evidence("front"),
        classified(kind),
        aged(age),
        *checks(on=FRONT, **dict(zip((c.value for c in CHECKS), grades, strict=True))),
    ),
    policy=st.sampled_from(["full", "low_stake"]),
    minimum_age=st.sampled_from([0, 18]),
    kind=st.sampled_from(["uk_driving_licence", "uk_driving_licence", "passport"]),
    age=st.sampled_from(["yes", "yes", "no", "unknown"]),
    grades=st.lists(GRADE, min_size=9, max_size=9),
)


def last(teller: Teller) -> tuple[str, ...]:
    """Say what holds in the end: a correction and a first word to the same effect are the same."""
    said = teller.said[-1]
    assert isinstance(said, decisions.DecisionReached | decisions.DecisionCorrected)
    return said.outcome, *said.missing


@given(events=HISTORIES, data=st.data())
@settings(deadline=None, max_examples=30)
def test_shuffled_and_doubled_facts_end_in_the_same_outcome(events: list[Event], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations([*events, *events[::3]]))

    assert last(tell(shuffled)) == last(tell(events))


@given(events=HISTORIES, data=st.data())
@settings(deadline=None, max_examples=30)
def test_facts_on_a_replaced_picture_do_not_count(events: list[Event], data: st.DataObject) -> None:
    old = [number(answer, 100 + n) for n, answer in enumerate(checks(on=2, tamper="rejected"))]
    delayed = data.draw(st.permutations(events[3:] + old))

    assert last(tell(events[:3] + delayed)) == last(tell(events))


@given(events=HISTORIES)
@settings(deadline=None, max_examples=30)
def test_a_final_decision_is_never_followed_by_another_first_word(events: list[Event]) -> None:
    words = tell(events).words

    finals = [place for place, word in enumerate(words) if word in {"approve final", "decline final"}]

    assert all("corrected" in word for place in finals for word in words[place + 1 :])


@given(events=HISTORIES)
@settings(deadline=None, max_examples=30)
def test_hearing_everything_again_says_nothing_new(events: list[Event]) -> None:
    teller = tell(events)
    before = list(teller.said)

    for event in events:
        teller.hear(event)

    assert teller.said == before


def test_a_row_of_an_earlier_version_is_read_as_it_was_written() -> None:
    docket = full(classified(), *checks(on=FRONT)).docket
    row = json.loads(dump(docket))
    row["known"]["state"] = json.dumps(row["known"]["state"])
    row["known"] = json.dumps(row["known"])

    assert load(json.dumps(row).encode()) == docket
