"""What the doctor finds: a probe looks at one thing and says how it stands and what is to be done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum

__all__ = ["Finding", "Probe", "Severity", "look"]


class Severity(IntEnum):
    """How much a finding matters."""

    FINE = 0
    WATCH = 1
    ACT = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found; `todo` says what somebody must do, empty when nothing is to be done."""

    severity: Severity
    what: str
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """A named look at the product; it changes nothing but makes missing tables of the runtime."""

    name: str
    look: Callable[[], Iterable[Finding]]


def look(probe: Probe) -> list[Finding]:
    """Run a probe; one that cannot look is itself a finding, so that the others still speak."""
    try:
        return list(probe.look())
    except Exception as error:  # noqa: BLE001 - whatever keeps a probe from looking is what must be told
        what = f"it cannot be looked at: {type(error).__name__}: {error}"
        return [Finding(Severity.ACT, what, "start the product, or mend what keeps this from answering")]
