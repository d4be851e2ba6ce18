"""Which policy a stake calls for: exactly one, or the client is told; never an approval by default."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from protocol.currencies import CURRENCIES
from protocol.policies.formula import NO_DECISION, Policy, PolicyRef
from protocol.policies.shipped import SHIPPED

__all__ = ["NoPolicy", "WrongStake", "choose", "in_force", "policy_of"]

_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,4})?")
_BY_REF = {policy.ref: policy for policy in SHIPPED}


class NoPolicy(LookupError):
    """No policy fits, or two do: answer the client `no_policy`; there is never a default approval."""


class WrongStake(ValueError):
    """The stake is no amount of money: answer the client `invalid`."""


def policy_of(ref: PolicyRef) -> Policy:
    """Find a shipped policy by name and version.

    Raises:
        NoPolicy: there is none.
    """
    if ref not in _BY_REF:
        raise NoPolicy(f"there is no policy {ref.name!r} of version {ref.version}")
    return _BY_REF[ref]


def in_force(own: Iterable[Policy]) -> tuple[Policy, ...]:
    """Give the policies in force for a client: of each name the newest version, the shipped ones' included.

    Args:
        own: what the client has said, any versions, in any order.
    """
    newest: dict[str, Policy] = {}
    for policy in (*SHIPPED, *own):
        held = newest.get(policy.ref.name)
        if held is None or policy.ref.version > held.ref.version:
            newest[policy.ref.name] = policy
    return tuple(newest.values())


def choose(policies: Iterable[Policy], *, amount: str, currency: str, override: str = "") -> PolicyRef:
    """Pick the policy that a new case is pinned to.

    Args:
        policies: those in force for the client.
        amount: the stake, a decimal with a point, "2.00".
        currency: its ISO 4217 code, "GBP".
        override: a policy's name, "none" for no decision at all, or empty: the stake decides.

    Raises:
        WrongStake: the amount is no decimal, or the currency is none.
        NoPolicy: the client has no policy of that name, or none or several for that stake.
    """
    stake = _amount(amount)
    if currency not in CURRENCIES:
        raise WrongStake(f"{currency[:8]!r} is no ISO 4217 currency; send a code like 'GBP'")
    if override == NO_DECISION.name:
        return NO_DECISION
    if override:
        return _named(policies, override)
    return _only(policies, stake, currency)


def _only(policies: Iterable[Policy], stake: Decimal, currency: str) -> PolicyRef:
    known = tuple(policies)
    fitting = [p for p in known if p.stake is not None and p.stake.covers(stake, currency)]
    found = fitting or [p for p in known if p.otherwise]
    if len(found) != 1:
        names = " and ".join(p.ref.name for p in found) or "no policy"
        raise NoPolicy(f"{names} is for a stake of {stake} {currency}; exactly one must be")
    return found[0].ref


def _amount(text: str) -> Decimal:
    if not _AMOUNT.fullmatch(text):
        raise WrongStake(f"the stake {text[:20]!r} is no amount; send a decimal like '2.00'")
    return Decimal(text)


def _named(policies: Iterable[Policy], name: str) -> PolicyRef:
    refs = {policy.ref.name: policy.ref for policy in policies}
    if name not in refs:
        raise NoPolicy(f"there is no policy {name[:64]!r}; there are {', '.join(refs)}")
    return refs[name]
