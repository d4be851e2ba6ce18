"""A person's decision is a fact: the service adds nothing to it but a correction of a doubted approval."""

from __future__ import annotations

from uuid import UUID

import pytest

from protocol.envelope import Event
from protocol.schemas import decisions_v1_pb2 as decisions
from protocol.schemas import verification_v1_pb2 as verification
from tests.consumers.decisions.histories import (
    Teller,
    check,
    checks,
    concluded,
    evidence,
    line,
    number,
    opening,
    tell,
)
from tests.consumers.decisions.test_docket import FRONT, classified

NINE_FROM = 5


def reviewed(outcome: str, policy: str = "full") -> Teller:
    """A case of which only the front has come when a person decides it, under keyseq 4."""
    return tell(line(*opening(policy), evidence("front"), concluded(outcome)))


def nine(**other: str) -> list[Event]:
    return line(*checks(on=FRONT, **other), start=NINE_FROM)


def hear(teller: Teller, *events: Event) -> list[str]:
    for event in events:
        teller.hear(event)
    return teller.words


def correction(teller: Teller) -> decisions.DecisionCorrected:
    return next(message for message in teller.said if isinstance(message, decisions.DecisionCorrected))


@pytest.mark.parametrize("outcome", ["approve", "refer", "decline"])
def test_what_a_person_decided_is_neither_repeated_nor_contradicted(outcome: str) -> None:
    assert hear(reviewed(outcome), *nine()) == []


@pytest.mark.parametrize("doubt", ["caution", "unavailable"])
def test_a_lesser_doubt_leaves_a_persons_approval_alone(doubt: str) -> None:
    assert hear(reviewed("approve"), *nine(tamper=doubt)) == []


@pytest.mark.parametrize("doubt", ["suspected", "rejected"])
def test_a_doubt_after_a_persons_approval_corrects_it_and_names_both(doubt: str) -> None:
    teller = reviewed("approve")

    hear(teller, number(check("tamper", doubt, on=FRONT), 5))

    said = correction(teller)
    assert (said.outcome, said.decision_id) == ("refer", str(UUID(int=4)))
    assert list(said.because) == [str(UUID(int=5))]


def test_a_corrected_approval_is_left_to_a_person_once_its_facts_have_settled() -> None:
    teller = reviewed("approve")

    assert hear(teller, *nine(tamper="rejected")) == ["refer corrected"]
    assert correction(teller).missing == []


@pytest.mark.parametrize("outcome", ["refer", "decline"])
def test_a_doubt_adds_nothing_to_a_persons_refer_or_decline(outcome: str) -> None:
    assert hear(reviewed(outcome), *nine(tamper="rejected", register="rejected")) == []


def test_a_doubt_that_the_person_had_seen_corrects_nothing() -> None:
    teller = tell(line(*opening("full"), evidence("front"), *checks(on=FRONT, tamper="suspected")))
    before = teller.words

    assert hear(teller, number(concluded("approve"), 13)) == before


def test_a_doubt_on_newer_evidence_corrects_what_a_person_approved() -> None:
    teller = tell(line(*opening("full"), evidence("front"), *checks(on=FRONT), concluded("approve")))

    hear(teller, *line(evidence("front"), check("tamper", "suspected", on=14), start=14))

    assert correction(teller).decision_id == str(UUID(int=13))


def test_the_next_person_has_the_last_word_until_the_next_doubt() -> None:
    teller = reviewed("approve")
    corrected = hear(teller, number(check("tamper", "suspected", on=FRONT), 5))

    assert (
        hear(teller, number(concluded("approve"), 6), number(check("age", "clear", on=FRONT), 7)) == corrected
    )
    hear(teller, number(check("liveness", "rejected", on=0), 8))

    assert isinstance(teller.said[-1], decisions.DecisionCorrected)
    assert teller.said[-1].decision_id == str(UUID(int=6))


def test_an_older_decision_of_a_persons_that_comes_late_changes_nothing() -> None:
    teller = tell(line(*opening("full"), evidence("front")))
    newer, older = number(concluded("decline"), 6), number(concluded("approve"), 4)

    assert hear(teller, newer, older, number(check("tamper", "rejected", on=FRONT), 5)) == []


def test_what_was_said_before_a_persons_decision_came_is_not_taken_back() -> None:
    teller = tell(line(*opening("full"), evidence("front"), *checks(on=FRONT)))

    assert hear(teller, number(concluded("decline"), 13)) == ["approve final"]


def test_an_approval_ahead_that_a_person_took_over_does_not_expire() -> None:
    teller = tell(line(*opening("low_stake"), evidence("front"), classified(), concluded("approve")))

    teller.pass_time(1_900)

    assert teller.words == ["approve provisional+"]


def test_a_client_without_a_policy_hears_nothing_more_of_what_it_decided_itself() -> None:
    assert hear(reviewed("approve", policy="none"), *nine(tamper="rejected")) == []


def test_a_withdrawn_case_that_a_person_referred_gets_no_further_decision() -> None:
    teller = reviewed("refer")

    assert hear(teller, number(verification.CaseWithdrawn(by="client"), 5), *nine(tamper="rejected")) == []
