"""A stake calls for one policy, never for a default approval."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.currencies import CURRENCIES
from protocol.policies import (
    NO_DECISION,
    SHIPPED,
    NoPolicy,
    Outcome,
    Policy,
    PolicyRef,
    Stake,
    WrongStake,
    choose,
    in_force,
    policy_of,
)

LOW, FULL = PolicyRef("low_stake", 1), PolicyRef("full", 1)
AMOUNTS = st.decimals(min_value=0, max_value=10**9, places=2)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("0", "GBP", LOW),
        ("2.00", "GBP", LOW),
        ("10.00", "GBP", LOW),
        ("10.01", "GBP", FULL),
        ("3000.00", "GBP", FULL),
        ("2.00", "EUR", FULL),
        ("100", "JPY", FULL),
    ],
)
def test_the_stake_chooses_between_the_shipped_policies(
    amount: str, currency: str, expected: PolicyRef
) -> None:
    assert choose(SHIPPED, amount=amount, currency=currency) == expected


@given(amount=AMOUNTS, currency=st.sampled_from(sorted(CURRENCIES)))
def test_every_stake_in_a_currency_has_exactly_one_policy(amount: Decimal, currency: str) -> None:
    chosen = choose(SHIPPED, amount=str(amount), currency=currency)

    assert (chosen == LOW) == (currency == "GBP" and amount <= 10)


@pytest.mark.parametrize(("name", "expected"), [("full", FULL), ("low_stake", LOW), ("none", NO_DECISION)])
def test_a_named_policy_overrides_the_stake(name: str, expected: PolicyRef) -> None:
    assert choose(SHIPPED, amount="5.00", currency="GBP", override=name) == expected


def test_a_policy_nobody_has_is_refused() -> None:
    with pytest.raises(NoPolicy, match="lenient"):
        choose(SHIPPED, amount="2.00", currency="GBP", override="lenient")


@pytest.mark.parametrize("currency", ["XXX", "XTS", "gbp", "GB", "", "POUND", "ZZZ", "BTC"])
def test_a_code_that_is_no_currency_is_refused(currency: str) -> None:
    with pytest.raises(WrongStake, match="currency"):
        choose(SHIPPED, amount="2.00", currency=currency)


@pytest.mark.parametrize("amount", ["", "-1", "2,00", "NaN", "1e3", "Infinity", " 2", "٢", "2.", "1" * 13])
def test_a_stake_that_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(WrongStake, match="amount"):
        choose(SHIPPED, amount=amount, currency="GBP", override="none")


def test_every_code_of_a_currency_is_three_capitals() -> None:
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CURRENCIES)
    assert {"GBP", "EUR", "USD", "JPY", "CHF", "INR", "BRL", "ZAR", "XOF"} <= CURRENCIES


def own(name: str, version: int, *, over: str | None = None, up_to: str | None = None) -> Policy:
    """A policy of a client's own for some stakes in pounds."""
    stake = Stake(
        currency="GBP",
        over=None if over is None else Decimal(over),
        up_to=None if up_to is None else Decimal(up_to),
    )
    return Policy(ref=PolicyRef(name, version), rules=(), stake=stake)


def test_the_newest_version_of_each_name_is_in_force() -> None:
    policies = in_force([own("low_stake", 3, up_to="5.00"), own("low_stake", 2), own("mine", 1, over="100")])

    assert {p.ref for p in policies} == {PolicyRef("low_stake", 3), FULL, PolicyRef("mine", 1)}


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("5.00", "low_stake"),
        ("10.00", "low_stake"),
        ("10.01", "middle"),
        ("100", "middle"),
        ("100.01", "full"),
    ],
)
def test_stakes_are_dealt_out_between_a_clients_policies(amount: str, expected: str) -> None:
    policies = in_force([own("middle", 1, over="10.00", up_to="100.00")])

    assert choose(policies, amount=amount, currency="GBP").name == expected


def test_a_stake_that_two_policies_are_for_has_none() -> None:
    policies = in_force([own("middle", 1, up_to="100.00")])

    with pytest.raises(NoPolicy, match="low_stake and middle is for a stake of 5"):
        choose(policies, amount="5", currency="GBP")


def test_a_stake_that_no_policy_is_for_has_none() -> None:
    with pytest.raises(NoPolicy, match="no policy is for a stake of 5 EUR"):
        choose([own("low", 1)], amount="5", currency="EUR")


def test_low_stake_never_declines_and_full_never_approves_ahead() -> None:
    low, full = policy_of(LOW), policy_of(FULL)

    assert Outcome.DECLINE not in {rule.outcome for rule in low.rules}
    assert full.provisional is None


def test_a_version_that_never_was_is_refused() -> None:
    with pytest.raises(NoPolicy, match="version 7"):
        policy_of(PolicyRef("full", 7))
