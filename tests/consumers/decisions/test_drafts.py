"""Which of the past cases a draft is tried on."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.decisions import service
from consumers.decisions.drafts import DRAFT, Draft, Pinning
from protocol.envelope import to_record
from protocol.policies import (
    ALWAYS,
    NoPolicy,
    Outcome,
    Policy,
    PolicyRef,
    Rule,
    Stake,
    choose,
    write,
)
from protocol.schemas import client_v1_pb2 as client
from protocol.schemas import verification_v1_pb2 as verification
from subscriber import SqliteStore
from tests.consumers.decisions.histories import CLIENT, number

BOUNDS = st.none() | st.sampled_from([Decimal(5), Decimal("10.00"), Decimal(50)])
STAKES = st.builds(Stake, currency=st.sampled_from(["GBP", "EUR"]), over=BOUNDS, up_to=BOUNDS)
AMOUNTS = st.sampled_from(["0", "5.00", "5.01", "10.00", "49.99", "50.01"])


def policy(name: str, stake: Stake | None = None, *, otherwise: bool = False) -> Policy:
    rules = (Rule(Outcome.DECLINE, ALWAYS),)
    return Policy(ref=PolicyRef(name, 1), rules=rules, stake=stake, otherwise=otherwise)


def opened(amount: str = "20.00", currency: str = "GBP", *, under: str = "full") -> verification.CaseOpened:
    stake = verification.Money(amount=amount, currency=currency)
    return verification.CaseOpened(policy_name=under, policy_version=1, stake=stake)


@given(stake=st.none() | STAKES, others=st.lists(STAKES, max_size=1), amount=AMOUNTS)
def test_a_draft_without_a_name_is_tried_on_the_stakes_that_would_choose_it(
    stake: Stake | None, others: list[Stake], amount: str
) -> None:
    in_force = tuple(policy("other", one) for one in others)
    draft = Draft("", policy("draft", stake, otherwise=stake is None))

    takes = draft.takes(CLIENT, opened(amount), in_force)

    try:
        chosen = choose((*in_force, draft.policy), amount=amount, currency="GBP").name == "draft"
    except NoPolicy:
        # Two are for it, as where the draft would take another one's place, or none is.
        chosen = stake is not None and stake.covers(amount, "GBP")
    assert takes == chosen


@given(stake=st.none() | STAKES, under=st.sampled_from(["full", "mine", "none"]), by_stake=st.booleans())
def test_a_draft_with_a_name_is_tried_on_the_cases_under_it_and_by_stake_where_asked(
    stake: Stake | None, under: str, by_stake: bool
) -> None:
    draft = Draft("", policy("draft", stake), "mine", by_stake=by_stake)

    takes = draft.takes(CLIENT, opened(under=under), ())

    by_its_stake = by_stake and stake is not None and stake.covers("20.00", "GBP")
    assert takes == (under == "mine" or by_its_stake)


def test_a_draft_for_no_stake_is_tried_on_every_case_of_the_client_s_or_of_all() -> None:
    of_all, of_one = Draft("", policy("draft")), Draft(CLIENT, policy("draft"))

    assert of_all.takes("cl_other", opened(under="none"), ())
    assert of_one.takes(CLIENT, opened(), ())
    assert not of_one.takes("cl_other", opened(), ())


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        (Draft("", policy("draft")), "cases of every client"),
        (Draft("cl_1", policy("draft"), "mine"), "cases of cl_1 opened under the policy 'mine'"),
        (
            Draft("", policy("draft", Stake(currency="GBP", over=Decimal(10), up_to=Decimal(50)))),
            "cases of every client with a stake over 10 and up to 50 in GBP",
        ),
        (
            Draft("", policy("draft", Stake(currency="EUR")), "mine", by_stake=True),
            "cases of every client opened under the policy 'mine' or with a stake of any amount in EUR",
        ),
        (
            Draft("", policy("draft", otherwise=True)),
            "cases of every client with a stake that no other policy is for",
        ),
    ],
)
def test_a_draft_says_which_cases_it_is_tried_on(draft: Draft, said: str) -> None:
    assert str(draft) == said


def test_a_draft_for_every_other_stake_leaves_those_that_the_client_has_a_policy_for() -> None:
    store = SqliteStore(Path(":memory:"))
    service.prepare(store)
    pinning = Pinning(Draft("", policy("draft", otherwise=True)))
    pinning.live_on(store)
    own = json.dumps(write(policy("mine", Stake(currency="GBP", over=Decimal(10)))))
    changed = number(client.PolicyChanged(name="mine", version=1, content=own), 1)

    before = pinning.pin(CLIENT, opened())
    pinning.note(to_record(changed))
    after = pinning.pin(CLIENT, opened())

    assert (before, after) == (True, False)


def test_every_client_of_a_pinned_case_has_the_draft_once() -> None:
    store, cases = SqliteStore(Path(":memory:")), [opened() for _ in range(3)]
    service.prepare(store)
    pinning = Pinning(Draft("", policy("draft")))
    pinning.live_on(store)

    for owner, case in zip(("cl_1", "cl_2", "cl_1"), cases, strict=True):
        assert pinning.pin(owner, case)

    assert {PolicyRef(case.policy_name, case.policy_version) for case in cases} == {DRAFT}
    assert store.execute("SELECT client, name FROM policies") == [("cl_1", "draft"), ("cl_2", "draft")]
