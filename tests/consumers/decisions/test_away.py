"""A policy narrows what staff allow while the register is away, and never widens it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.decisions.trust import exposures
from protocol.policies import SHIPPED, Policy, Stake, Trust
from protocol.schemas import decisions_v1_pb2 as decisions
from tests.consumers.decisions.histories import (
    Teller,
    always,
    but_register,
    check,
    evidence,
    line,
    number,
    opening,
    waiting,
)
from tests.consumers.decisions.test_trust import FRONT, ON_TRUST, UNTIL_S, answer
from tests.protocol.policies.written import TRUSTS

FULL = SHIPPED[1]
REFERS = Trust(given=False)


def upto(amount: str, currency: str = "GBP") -> Trust:
    return Trust(stakes=Stake(currency=currency, up_to=Decimal(amount)))


def waits(trust: Trust, *, cap: str = "500.00", up_to: str = "", stake: str = "20.00") -> Teller:
    """Tell a case of which everything but the register is clear, and the register waits."""
    teller = Teller(policies=always(policy(trust)))
    teller.set_dial(cap, up_to)
    said = (*opening("own", stake=stake), evidence("front"), *but_register(on=FRONT))
    for event in line(*said, waiting(on=FRONT, until_s=UNTIL_S)):
        teller.hear(event)
    return teller


def policy(trust: Trust) -> Policy:
    return replace(FULL, register_away=trust)


@pytest.mark.parametrize("trust", [REFERS, upto("19.99"), upto("20.00", "EUR")])
def test_a_policy_that_gives_no_trust_refers_and_goes_on_waiting(trust: Trust) -> None:
    teller = waits(trust)

    assert teller.words == ["refer provisional+"]
    (said,) = teller.said
    assert isinstance(said, decisions.DecisionReached)
    assert (list(said.missing), said.expires_at_us) == (["register"], 0)
    assert answer(teller, "clear") == ["approve final"]


@pytest.mark.parametrize("trust", [Trust(), upto("20.00")])
def test_a_policy_that_goes_along_approves_on_trust(trust: Trust) -> None:
    assert waits(trust).words == ON_TRUST


def test_a_policy_that_would_trust_more_than_staff_allow_is_given_what_they_allow() -> None:
    assert waits(upto("1000.00"), up_to="19.99").words == ["refer provisional+"]


@given(
    trust=TRUSTS,
    cap=st.sampled_from(["", "0.00", "20.00", "500.00"]),
    up_to=st.sampled_from(["", "19.99", "20.00"]),
    stake=st.sampled_from(["0.00", "19.99", "20.00", "20.01"]),
    data=st.data(),
)
@settings(deadline=None, max_examples=80)
def test_whatever_a_policy_says_no_more_stands_on_trust_than_staff_allow(
    trust: Trust, cap: str, up_to: str, stake: str, data: st.DataObject
) -> None:
    teller = Teller(policies=always(policy(trust)))
    if cap:
        teller.set_dial(cap, up_to)
    said = (*opening("own", stake=stake), evidence("front"), *but_register(on=FRONT))
    events = line(*said, waiting(on=FRONT, until_s=UNTIL_S))

    for event in data.draw(st.permutations([*events, *events[::3]])):
        teller.hear(event)

    most = Decimal(min(up_to or cap, cap, key=Decimal)) if cap else Decimal(-1)
    stands = sum((found.amount for found in exposures(teller.store.execute, 0)), Decimal())
    trusted = Decimal(stake) <= most and trust.covers(stake, "GBP")
    assert stands == (Decimal(stake) if trusted else 0)
    assert any(word.startswith("approve") for word in teller.words) == trusted


@given(trust=TRUSTS, status=st.sampled_from(["clear", "rejected", "caution", "unavailable"]), data=st.data())
@settings(deadline=None, max_examples=40)
def test_whatever_a_policy_makes_of_trust_a_case_ends_alike(
    trust: Trust, status: str, data: st.DataObject
) -> None:
    ends = check("register", status, on=FRONT, final=status != "unavailable")
    said = (*opening("own"), evidence("front"), *but_register(on=FRONT), waiting(on=FRONT, until_s=UNTIL_S))
    outcomes = set()
    for one in (trust, Trust()):
        teller = Teller(policies=always(policy(one)))
        teller.set_dial("500.00")
        for event in data.draw(st.permutations(line(*said))):
            teller.hear(event)
        teller.hear(number(ends, 50, at_s=60))
        teller.pass_time(UNTIL_S)
        outcomes.add([word for word in teller.words if word != "released"][-1])

    assert len(outcomes) == 1
