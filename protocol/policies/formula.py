"""What a policy is made of: outcomes, and what must hold for each, as plain values that can be shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from protocol.checks import Check, Grade

__all__ = [
    "ALWAYS",
    "NO_DECISION",
    "AgeProven",
    "AllOf",
    "AnyOf",
    "Atom",
    "CheckIs",
    "DocumentIs",
    "Formula",
    "Outcome",
    "Policy",
    "PolicyRef",
    "Rule",
    "ScoreAtLeast",
    "Stake",
    "Trust",
    "Unless",
    "atoms",
    "checks_are",
]


class Outcome(StrEnum):
    """What a decision says."""

    APPROVE = "approve"
    REFER = "refer"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class CheckIs:
    """Holds when the check has ended with one of the grades."""

    check: Check
    grades: frozenset[Grade]


@dataclass(frozen=True, slots=True)
class ScoreAtLeast:
    """Holds when the check has ended and the part of its breakdown measures so much, in the part's own unit.

    A part that was not measured does not.
    """

    check: Check
    part: str
    least: float


@dataclass(frozen=True, slots=True)
class DocumentIs:
    """Holds when the document's front is of one of the types."""

    types: frozenset[str]


@dataclass(frozen=True, slots=True)
class AgeProven:
    """Holds when the case has no minimum age, or the holder is proven to have reached it."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """Holds when every part does; without parts, always."""

    parts: tuple[Formula, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds when at least one part does; without parts, never."""

    parts: tuple[Formula, ...] = ()


@dataclass(frozen=True, slots=True)
class Unless:
    """Holds when its part does not."""

    part: Formula


Atom = CheckIs | ScoreAtLeast | DocumentIs | AgeProven
Formula = Atom | AllOf | AnyOf | Unless
ALWAYS = AllOf()


@dataclass(frozen=True, slots=True)
class Rule:
    """An outcome, and what must hold for it."""

    outcome: Outcome
    when: Formula = ALWAYS


@dataclass(frozen=True, slots=True)
class PolicyRef:
    """A policy's name and version, as pinned to a case when it opens."""

    name: str
    version: int


NO_DECISION = PolicyRef("none", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """The stakes a policy is for: over the one amount, up to and with the other, in one ISO 4217 currency.

    `over` None: from nothing; `up_to` None: without an end.
    """

    currency: str
    over: Decimal | None = None
    up_to: Decimal | None = None

    def covers(self, amount: Decimal | str, currency: str) -> bool:
        """Tell whether a stake, a decimal with a point, is one of them."""
        stake = Decimal(amount)
        above = self.over is None or stake > self.over
        return currency == self.currency and above and (self.up_to is None or stake <= self.up_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """How far a policy goes along with what staff allow while a dependency is away: never further.

    `given` False: it approves nothing on trust. `stakes`: those that it does for; None: all that staff allow.
    """

    given: bool = True
    stakes: Stake | None = None

    def covers(self, amount: Decimal | str, currency: str) -> bool:
        """Tell whether a stake, a decimal with a point, may be approved on trust."""
        return self.given and (self.stakes is None or self.stakes.covers(amount, currency))


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Rules in order: the first that holds decides; when none does, a person is asked.

    `provisional`: what must hold for an approval to be given ahead of the rules, for as long as the case's
    token lasts; None: no approval ahead. `stake`: which stakes choose it; None: none does, it is asked for by
    name; `otherwise`: it is for every stake that no other policy of the client's is for. `counts_as`: which
    grade a check that is not applicable is read as. `register_away`: what it makes of trust while the licence
    register is away. `deadline_s`: seconds from submit after which it reads what is outstanding as
    unavailable; None: it waits to the case's own deadline.
    """

    ref: PolicyRef
    rules: tuple[Rule, ...]
    provisional: Formula | None = None
    stake: Stake | None = None
    otherwise: bool = False
    counts_as: tuple[tuple[Check, Grade], ...] = ()
    register_away: Trust = Trust()
    deadline_s: int | None = None


def checks_are(
    checks: Iterator[Check] | tuple[Check, ...], grades: frozenset[Grade], *, every: bool
) -> AllOf | AnyOf:
    """Say of several checks that every one, or at least one, has ended with one of the grades."""
    parts = tuple(CheckIs(check, grades) for check in checks)
    return AllOf(parts) if every else AnyOf(parts)


def atoms(formula: Formula) -> Iterator[Atom]:
    """List what a formula asks, from left to right."""
    match formula:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from atoms(part)
        case Unless(part):
            yield from atoms(part)
        case _:
            yield formula
