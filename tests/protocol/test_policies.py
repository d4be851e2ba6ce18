"""A stake calls for one policy, never for a default approval."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.currencies import CURRENCIES
from protocol.policies import (
    NO_DECISION,
    POLICIES,
    NoPolicy,
    Outcome,
    PolicyRef,
    WrongStake,
    choose,
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
    assert choose(amount=amount, currency=currency) == expected


@given(amount=AMOUNTS, currency=st.sampled_from(sorted(CURRENCIES)))
def test_every_stake_in_a_currency_has_exactly_one_policy(amount: Decimal, currency: str) -> None:
    chosen = choose(amount=str(amount), currency=currency)

    assert (chosen == LOW) == (currency == "GBP" and amount <= 10)


@pytest.mark.parametrize(("name", "expected"), [("full", FULL), ("low_stake", LOW), ("none", NO_DECISION)])
def test_a_named_policy_overrides_the_stake(name: str, expected: PolicyRef) -> None:
    assert choose(amount="5.00", currency="GBP", override=name) == expected


def test_a_policy_nobody_has_is_refused() -> None:
    with pytest.raises(NoPolicy, match="lenient"):
        choose(amount="2.00", currency="GBP", override="lenient")


@pytest.mark.parametrize("currency", ["XXX", "XTS", "gbp", "GB", "", "POUND", "ZZZ", "BTC"])
def test_a_code_that_is_no_currency_is_refused(currency: str) -> None:
    with pytest.raises(WrongStake, match="currency"):
        choose(amount="2.00", currency=currency)


@pytest.mark.parametrize("amount", ["", "-1", "2,00", "NaN", "1e3", "Infinity", " 2", "٢", "2.", "1" * 13])
def test_a_stake_that_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(WrongStake, match="amount"):
        choose(amount=amount, currency="GBP", override="none")


def test_every_code_of_a_currency_is_three_capitals() -> None:
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CURRENCIES)
    assert {"GBP", "EUR", "USD", "JPY", "CHF", "INR", "BRL", "ZAR", "XOF"} <= CURRENCIES


def test_the_last_rule_of_a_policy_always_holds() -> None:
    assert all(policy.rules[-1].when == () for policy in POLICIES)


def test_low_stake_never_declines_and_full_never_approves_ahead() -> None:
    low, full = policy_of(LOW), policy_of(FULL)

    assert Outcome.DECLINE not in {rule.outcome for rule in low.rules}
    assert full.provisional is None


def test_a_version_that_never_was_is_refused() -> None:
    with pytest.raises(NoPolicy, match="version 7"):
        policy_of(PolicyRef("full", 7))
