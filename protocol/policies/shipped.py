"""The policies that every client has from its first day."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from protocol.checks import CHECKS, Check, Grade
from protocol.policies.formula import (
    AgeProven,
    AllOf,
    DocumentIs,
    Outcome,
    Policy,
    PolicyRef,
    Rule,
    Stake,
    checks_are,
)

__all__ = ["SHIPPED"]

_UK_LICENCE: Final = DocumentIs(frozenset({"uk_driving_licence"}))
_LOOKS_FINE: Final = checks_are(
    (Check.CONSISTENCY, Check.TAMPER), frozenset({Grade.CLEAR, Grade.CAUTION}), every=True
)

_LOW_STAKE: Final = Policy(
    ref=PolicyRef("low_stake", 1),
    stake=Stake(currency="GBP", up_to=Decimal("10.00")),
    rules=(Rule(Outcome.APPROVE, AllOf((_UK_LICENCE, AgeProven(), *_LOOKS_FINE.parts))),),
    provisional=AllOf((_UK_LICENCE, AgeProven())),
)

_FULL: Final = Policy(
    ref=PolicyRef("full", 1),
    otherwise=True,
    # A document that the register cannot know is for a person.
    counts_as=((Check.REGISTER, Grade.CAUTION),),
    rules=(
        Rule(Outcome.DECLINE, checks_are(CHECKS, frozenset({Grade.REJECTED}), every=False)),
        Rule(
            Outcome.REFER,
            checks_are(CHECKS, frozenset({Grade.SUSPECTED, Grade.CAUTION, Grade.UNAVAILABLE}), every=False),
        ),
        Rule(Outcome.APPROVE),
    ),
)

SHIPPED: tuple[Policy, ...] = (_LOW_STAKE, _FULL)
