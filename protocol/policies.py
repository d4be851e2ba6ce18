"""The policies: which outcome follows from which facts, as data; and which policy a stake calls for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from protocol.checks import CHECKS, Check, Grade
from protocol.currencies import CURRENCIES

__all__ = [
    "NO_DECISION",
    "POLICIES",
    "AgeProven",
    "AnyCheck",
    "Condition",
    "DocumentIs",
    "EveryCheck",
    "NoPolicy",
    "Outcome",
    "Policy",
    "PolicyRef",
    "Rule",
    "WrongStake",
    "choose",
    "policy_of",
]


class NoPolicy(LookupError):
    """No policy fits: answer the client `no_policy`; there is never a default approval."""


class WrongStake(ValueError):
    """The stake is no amount of money: answer the client `invalid`."""


class Outcome(StrEnum):
    """What a decision says."""

    APPROVE = "approve"
    REFER = "refer"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class AnyCheck:
    """Holds when one of the checks has ended with one of the grades."""

    checks: frozenset[Check]
    grades: frozenset[Grade]


@dataclass(frozen=True, slots=True)
class EveryCheck:
    """Holds when all of the checks have ended with one of the grades."""

    checks: frozenset[Check]
    grades: frozenset[Grade]


@dataclass(frozen=True, slots=True)
class DocumentIs:
    """Holds when the document's front is of one of the types."""

    types: frozenset[str]


@dataclass(frozen=True, slots=True)
class AgeProven:
    """Holds when the case has no minimum age, or the holder is proven to have reached it."""


Condition = AnyCheck | EveryCheck | DocumentIs | AgeProven


@dataclass(frozen=True, slots=True)
class Rule:
    """An outcome, and what must all hold for it; nothing asked: it always follows."""

    outcome: Outcome
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyRef:
    """A policy's name and version, as pinned to a case when it opens."""

    name: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Rules in order: the first that holds decides, and the last one always holds.

    `provisional`: what must hold for an approval to be given ahead of the rules, for as long as the case's
    token lasts; None: no approval ahead. `stake_gbp_up_to`: the stake it is chosen for; None: any other.
    """

    ref: PolicyRef
    rules: tuple[Rule, ...]
    provisional: tuple[Condition, ...] | None = None
    stake_gbp_up_to: Decimal | None = None


NO_DECISION = PolicyRef("none", 0)

_ALL = frozenset(CHECKS)
_UK_LICENCE = DocumentIs(frozenset({"uk_driving_licence"}))

_LOW_STAKE = Policy(
    ref=PolicyRef("low_stake", 1),
    rules=(
        Rule(
            Outcome.APPROVE,
            (
                _UK_LICENCE,
                AgeProven(),
                EveryCheck(
                    frozenset({Check.TAMPER, Check.CONSISTENCY}), frozenset({Grade.CLEAR, Grade.CAUTION})
                ),
            ),
        ),
        Rule(Outcome.REFER),
    ),
    provisional=(_UK_LICENCE, AgeProven()),
    stake_gbp_up_to=Decimal("10.00"),
)

_FULL = Policy(
    ref=PolicyRef("full", 1),
    rules=(
        Rule(Outcome.DECLINE, (AnyCheck(_ALL, frozenset({Grade.REJECTED})),)),
        Rule(
            Outcome.REFER,
            (AnyCheck(_ALL, frozenset({Grade.SUSPECTED, Grade.CAUTION, Grade.UNAVAILABLE})),),
        ),
        Rule(
            Outcome.REFER,
            (AnyCheck(frozenset({Check.REGISTER}), frozenset({Grade.NOT_APPLICABLE})),),
        ),
        Rule(Outcome.APPROVE),
    ),
)

# What every client has from its first day.
POLICIES: tuple[Policy, ...] = (_LOW_STAKE, _FULL)

_BY_REF = {policy.ref: policy for policy in POLICIES}
_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,4})?")


def policy_of(ref: PolicyRef) -> Policy:
    """Find a policy by name and version.

    Raises:
        NoPolicy: there is none.
    """
    if ref not in _BY_REF:
        raise NoPolicy(f"there is no policy {ref.name!r} of version {ref.version}")
    return _BY_REF[ref]


def choose(*, amount: str, currency: str, override: str = "") -> PolicyRef:
    """Pick the policy that a new case is pinned to.

    Args:
        amount: the stake, a decimal with a point, "2.00".
        currency: its ISO 4217 code, "GBP".
        override: a policy's name, "none" for no decision at all, or empty: the stake decides.

    Raises:
        WrongStake: the amount is no decimal, or the currency is none.
        NoPolicy: the client has no policy of that name.
    """
    stake = _amount(amount)
    if currency not in CURRENCIES:
        raise WrongStake(f"{currency[:8]!r} is no ISO 4217 currency; send a code like 'GBP'")
    if override == NO_DECISION.name:
        return NO_DECISION
    if override:
        return _newest(override)
    capped = [p.ref for p in POLICIES if _covers(p, stake, currency)]
    uncapped = [p.ref for p in POLICIES if p.stake_gbp_up_to is None]
    return (capped or uncapped)[0]


def _covers(policy: Policy, stake: Decimal, currency: str) -> bool:
    return policy.stake_gbp_up_to is not None and currency == "GBP" and stake <= policy.stake_gbp_up_to


def _amount(text: str) -> Decimal:
    if not _AMOUNT.fullmatch(text):
        raise WrongStake(f"the stake {text[:20]!r} is no amount; send a decimal like '2.00'")
    return Decimal(text)


def _newest(name: str) -> PolicyRef:
    refs = [policy.ref for policy in POLICIES if policy.ref.name == name]
    if not refs:
        raise NoPolicy(
            f"there is no policy {name[:64]!r}; there are {', '.join(p.ref.name for p in POLICIES)}"
        )
    return max(refs, key=lambda ref: ref.version)
