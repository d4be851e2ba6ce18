"""What is looked at: one subject's newest tries, what waits for it, and what is usual of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from consumers.early_warning.usual import Usual

__all__ = ["BLIND", "CASES", "WINDOW_US", "Look", "Seen", "Trouble", "Waiting"]

# Subjects that are neither a step nor a dependency: whole cases, and the statistics themselves.
CASES: Final = "case/all"
BLIND: Final = "statistics/all"
# How far back tries are looked at, and how many.
WINDOW_US: Final = 30 * 60 * 1_000_000
MOST: Final = 200


class Seen(NamedTuple):
    """One try that ended: when (microseconds since 1970 UTC), how long it took, whether it failed."""

    at_us: int
    ms: float
    failed: bool = False
    case: str = ""


class Waiting(NamedTuple):
    """A case that waits, and since when, microseconds since 1970 UTC."""

    case: str
    since_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Everything that a judgement rests on.

    `recent` are the newest tries of the last half hour, oldest first, at most 200, and none from before the
    last warning of the subject ended. `begun` is what has begun
    and not ended, of which everything is known up to `known_us`. `lossy`: ends may be missing from it.
    """

    about: str
    at_us: int
    budget_ms: float
    usual: Usual
    recent: Sequence[Seen]
    begun: Sequence[Waiting] = field(default=())
    known_us: int = 0
    lossy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What is wrong; the fields are those of `WarningRaised`."""

    kind: str
    level_ms: float = 0.0
    usual_ms: float = 0.0
    trend_ms_per_min: float = 0.0
    failed_01: float = 0.0
    budget_ms: float = 0.0
    missed_at_us: int = 0
    since_us: int = 0
    stuck: int = 0
