"""A case whose register waits is approved on trust, within the client's cap, and never for longer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.decisions.trust import exposures
from protocol.checks import Check
from protocol.ids import to_us
from protocol.schemas import decisions_v1_pb2 as decisions
from protocol.schemas import fraud_v1_pb2 as fraud
from protocol.schemas import verification_v1_pb2 as verification
from tests.consumers.decisions.histories import (
    START,
    Teller,
    but_register,
    check,
    evidence,
    line,
    number,
    opening,
    waiting,
)

FRONT = 3
UNTIL_S = 900.0
ON_TRUST = ["approve provisional+", "reserved 20.00"]


def case(
    *messages: Message, cap: str = "500.00", up_to: str = "", policy: str = "full", stake: str = "20.00"
) -> Teller:
    """Tell a case of a client whose dial is on; its messages come second by second."""
    teller = Teller()
    teller.set_dial(cap, up_to)
    for event in line(*opening(policy, stake=stake), evidence("front"), *messages):
        teller.hear(event)
    return teller


def trusted(**limits: str) -> Teller:
    """Tell a case of which everything but the register is clear, and the register waits."""
    return case(*but_register(on=FRONT), waiting(on=FRONT, until_s=UNTIL_S), **limits)


def answer(teller: Teller, status: str, *, at_s: float = 60, keyseq: int = 50) -> list[str]:
    """Have the register answer; gives what is said then."""
    before = len(teller.said)
    final = status != "unavailable"
    teller.hear(number(check("register", status, on=FRONT, final=final), keyseq, at_s=at_s))
    return teller.words[before:]


def stands(teller: Teller, at_s: float = 60) -> Sequence[str]:
    at_us = to_us(START + timedelta(seconds=at_s))
    return [f"{found.amount} of {found.cap}" for found in exposures(teller.store.execute, at_us)]


def test_a_case_whose_register_waits_is_approved_on_trust_until_the_waiting_s_end() -> None:
    teller = trusted()

    approved, reserved = teller.said

    assert teller.words == ON_TRUST
    assert isinstance(approved, decisions.DecisionReached)
    assert isinstance(reserved, decisions.TrustReserved)
    assert approved.missing == ["register"]
    assert approved.expires_at_us == reserved.until_us == to_us(START + timedelta(seconds=UNTIL_S))
    assert (reserved.decision_id, reserved.amount, reserved.currency) == ("decision-1", "20.00", "GBP")


def test_an_approval_on_trust_rests_on_the_event_that_says_that_it_waits() -> None:
    (approved, _) = trusted().said

    assert isinstance(approved, decisions.DecisionReached)
    assert str(UUID(int=12)) in approved.because


def test_the_order_of_the_waiting_and_the_checks_does_not_matter() -> None:
    assert case(waiting(on=FRONT, until_s=UNTIL_S), *but_register(on=FRONT)).words == ON_TRUST


def test_a_good_answer_makes_it_final_and_gives_the_trust_back() -> None:
    teller = trusted()

    assert answer(teller, "clear") == ["approve final", "released"]
    released = teller.said[-1]
    assert isinstance(released, decisions.TrustReleased)
    assert (released.reservation_id, released.decision_id) == ("decision-2", "decision-3")
    assert stands(teller) == ["0 of 500.00"]


@pytest.mark.parametrize("outcome", ["approve", "decline", "refer"])
def test_a_persons_decision_gives_the_trust_back_and_is_all_that_is_said(outcome: str) -> None:
    teller = trusted()
    before = len(teller.said)
    teller.hear(number(verification.ReviewConcluded(outcome=outcome, by="client"), 50, at_s=60))

    (released,) = teller.said[before:]
    assert isinstance(released, decisions.TrustReleased)
    assert (released.reservation_id, released.decision_id) == ("decision-2", str(UUID(int=50)))
    assert stands(teller) == ["0 of 500.00"]
    assert answer(teller, "clear", at_s=120, keyseq=51) == []
    teller.pass_time(UNTIL_S)
    assert len(teller.said) == before + 1


def scored(*codes: str) -> fraud.FraudScored:
    return fraud.FraudScored(score_01=0.5, findings=[fraud.Finding(code=code, cases=1) for code in codes])


REUSED = st.sampled_from(["same_document", "same_face_other_document", "same_person_again", "same_clip"])


@given(code=REUSED)
@settings(deadline=None, max_examples=4)
def test_what_was_used_before_is_not_approved_on_trust(code: str) -> None:
    teller = case(*but_register(on=FRONT), scored("tried_again", code), waiting(on=FRONT, until_s=UNTIL_S))

    assert teller.words == ["refer provisional+"]
    assert answer(teller, "clear") == ["approve final"]


def test_what_is_used_again_ends_an_approval_on_trust_and_is_given_none_a_second_time() -> None:
    teller = trusted()
    before = len(teller.said)
    teller.hear(number(scored("same_document"), 50, at_s=60))
    teller.hear(number(scored(), 51, at_s=70))

    assert teller.words[before:] == ["expired", "refer provisional+", "released"]
    assert stands(teller, 80) == ["0 of 500.00"]
    assert answer(teller, "clear", at_s=90, keyseq=52) == ["approve final"]


@pytest.mark.parametrize("codes", [(), ("tried_again",), ("same_device", "similar_details", "many_tries")])
def test_what_says_nothing_of_the_document_leaves_trust_alone(codes: tuple[str, ...]) -> None:
    teller = trusted()
    before = len(teller.said)
    teller.hear(number(scored(*codes), 50, at_s=60))

    assert teller.words[before:] == []


@pytest.mark.parametrize("status", ["rejected", "caution"])
def test_a_bad_answer_ends_it_and_a_person_decides(status: str) -> None:
    teller = trusted()

    assert answer(teller, status) == ["expired", "refer provisional", "released"]


def test_no_answer_ends_it_by_its_clock_and_a_person_decides() -> None:
    teller = trusted()

    teller.pass_time(UNTIL_S - 1)
    teller.pass_time(UNTIL_S)

    assert teller.words == [*ON_TRUST, "expired", "refer provisional+", "released"]
    assert answer(teller, "unavailable", at_s=UNTIL_S) == ["refer provisional"]


def test_an_end_that_comes_before_the_clock_s_is_told_once() -> None:
    teller = trusted()

    assert answer(teller, "unavailable", at_s=UNTIL_S)[:2] == ["expired", "refer provisional+"]
    teller.pass_time(UNTIL_S + 1)

    assert teller.words.count("expired") == teller.words.count("released") == 1


def test_an_answer_after_the_end_still_approves_for_good() -> None:
    teller = trusted()
    teller.pass_time(UNTIL_S)
    answer(teller, "unavailable", at_s=UNTIL_S)

    assert answer(teller, "clear", at_s=UNTIL_S + 1, keyseq=51) == ["approve final"]


@pytest.mark.parametrize("limits", [{"cap": "19.99"}, {"cap": "500.00", "up_to": "19.99"}])
def test_without_room_it_says_what_is_missing_and_goes_on_waiting(limits: dict[str, str]) -> None:
    teller = trusted(**limits)

    assert teller.words == ["refer provisional+"]
    assert stands(teller)[0].startswith("0 of")
    assert answer(teller, "clear") == ["approve final"]


def test_a_stake_in_a_currency_without_a_cap_is_not_trusted() -> None:
    teller = Teller()
    for event in line(*opening("full"), evidence("front"), *but_register(on=FRONT)):
        teller.hear(event)

    teller.hear(number(waiting(on=FRONT, until_s=UNTIL_S), 20))

    assert teller.words == ["refer provisional+"]


def test_a_doubt_elsewhere_is_no_case_for_trust() -> None:
    teller = case(*but_register(on=FRONT, tamper="caution"), waiting(on=FRONT, until_s=UNTIL_S))

    assert not any(word.startswith(("approve", "reserved")) for word in teller.words)


def test_as_long_as_something_else_is_missing_nothing_is_said() -> None:
    messages = [one for one in but_register(on=FRONT) if one.check != "liveness"]

    assert case(*messages, waiting(on=FRONT, until_s=UNTIL_S)).words == []


def test_a_policy_that_does_not_name_the_register_does_not_wait() -> None:
    teller = case(
        verification.DocumentClassified(
            evidence_kind="document_front", evidence_keyseq=FRONT, document_type="uk_driving_licence"
        ),
        waiting(on=FRONT, until_s=UNTIL_S),
        check("tamper", "clear", on=FRONT),
        check("consistency", "clear", on=FRONT),
        policy="low_stake",
    )

    assert teller.words == ["approve provisional+", "approve final"]


def test_a_service_that_comes_after_the_end_gives_no_trust_for_what_is_over() -> None:
    teller = Teller(late_us=to_us(START + timedelta(days=7)))
    teller.set_dial("500.00")
    over = number(check("register", "unavailable", on=FRONT, final=False), 50, at_s=UNTIL_S)
    said = line(*opening("full"), evidence("front"), *but_register(on=FRONT))

    for event in (*said, number(waiting(on=FRONT, until_s=UNTIL_S), 12), over):
        teller.hear(event)

    assert teller.words == ["refer provisional"]


def test_a_case_has_trust_once_in_an_outage() -> None:
    teller = trusted()
    second = line(evidence("front"), *but_register(on=13), waiting(on=13, until_s=UNTIL_S), start=13)

    for event in second:
        teller.hear(event)

    assert teller.words == [*ON_TRUST, "expired", "refer provisional+", "released"]


def test_a_withdrawn_case_gives_its_trust_back_when_it_ends() -> None:
    teller = trusted()
    teller.hear(number(verification.CaseWithdrawn(by="client"), 50, at_s=60))

    teller.pass_time(UNTIL_S)

    assert teller.words == [*ON_TRUST, "expired", "released"]


def test_a_decline_for_another_reason_than_the_register_stays_one() -> None:
    teller = case(
        waiting(on=FRONT, until_s=UNTIL_S),
        check("register", "rejected", on=FRONT),
        check("tamper", "rejected", on=FRONT),
    )

    assert teller.words == ["refer provisional+", "decline final"]


def test_heard_again_nothing_is_said_or_taken_twice() -> None:
    events = line(
        *opening("full"), evidence("front"), *but_register(on=FRONT), waiting(on=FRONT, until_s=UNTIL_S)
    )
    teller = Teller()
    teller.set_dial("500.00")

    for event in (*events, *events):
        teller.hear(event)

    assert teller.words == ON_TRUST
    assert stands(teller) == ["20.00 of 500.00"]


ANSWERS = st.sampled_from(["clear", "rejected", "caution", "unavailable"])
DOUBTS = st.sampled_from(["clear", "clear", "caution", "suspected", "rejected"])


@given(data=st.data(), status=ANSWERS, doubt=DOUBTS, cap=st.sampled_from(["500.00", "1.00"]))
@settings(deadline=None, max_examples=80)
def test_any_order_ends_alike_whether_there_was_room_or_not(
    data: st.DataObject, status: str, doubt: str, cap: str
) -> None:
    events = line(
        *opening("full"),
        evidence("front"),
        *but_register(on=FRONT, tamper=doubt),
        waiting(on=FRONT, until_s=UNTIL_S),
        check("register", status, on=FRONT, final=status != "unavailable"),
    )
    in_order, mixed = Teller(), Teller()
    in_order.set_dial("500.00")
    mixed.set_dial(cap)

    for event in events:
        in_order.hear(event)
    for event in data.draw(st.permutations([*events, *events[::3]])):
        mixed.hear(event)
    in_order.pass_time(UNTIL_S)
    mixed.pass_time(UNTIL_S)

    assert last(mixed) == last(in_order)
    assert stands(mixed) == [f"0 of {cap}"]


def last(teller: Teller) -> tuple[str, ...]:
    """Say what holds in the end."""
    kinds = decisions.DecisionReached | decisions.DecisionCorrected
    said = [message for message in teller.said if isinstance(message, kinds)][-1]
    return said.outcome, *said.missing


@given(data=st.data(), left_out=st.sampled_from([c.value for c in Check if c is not Check.REGISTER]))
@settings(deadline=None, max_examples=40)
def test_trust_stands_in_for_the_register_alone(data: st.DataObject, left_out: str) -> None:
    known = [one for one in but_register(on=FRONT) if one.check != left_out]
    events = line(*opening("full"), evidence("front"), *known, waiting(on=FRONT, until_s=UNTIL_S))
    teller = Teller()
    teller.set_dial("500.00")

    for event in data.draw(st.permutations(events)):
        teller.hear(event)

    assert not [word for word in teller.words if word.startswith("approve")]
