"""The service's own settings: how long a step and a case may take. The only place that reads them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from subscriber.errors import SubscriberError

__all__ = ["Budgets", "WrongBudget", "budgets"]

_STEP: Final = "VOUCH_EARLY_WARNING_STEP_BUDGET_MS"
_CASE: Final = "VOUCH_EARLY_WARNING_CASE_BUDGET_MS"


class WrongBudget(SubscriberError):
    """A budget is no number of milliseconds above 0: mend the variable that the message names."""


@dataclass(frozen=True, slots=True)
class Budgets:
    """The longest that a step and a case may take, ms; the product's own numbers by default (DESIGN §5).

    A dependency's budget comes with each call (`CallAsked.deadline_ms`).
    """

    step_ms: float = 8_000
    case_ms: float = 15_000

    def of(self, about: str) -> float:
        """Give the budget of a subject that has none of its own, ms; 0: it has none."""
        kind = about.partition("/")[0]
        return {"step": self.step_ms, "case": self.case_ms}.get(kind, 0.0)


def budgets(environment: Mapping[str, str] = os.environ) -> Budgets:
    """Read the budgets.

    Raises:
        WrongBudget: a variable is no number above 0.
    """
    usual = Budgets()
    return Budgets(_ms(environment, _STEP, usual.step_ms), _ms(environment, _CASE, usual.case_ms))


def _ms(environment: Mapping[str, str], name: str, usual: float) -> float:
    said = environment.get(name, "")
    try:
        value = float(said) if said else usual
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise WrongBudget(f"{name} must be milliseconds above 0, not {said!r}")
    return value
