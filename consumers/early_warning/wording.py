"""A warning in one English sentence, for staff."""

from __future__ import annotations

from datetime import UTC, datetime

from consumers.early_warning.seeing import BLIND, CASES, Trouble

__all__ = ["ending", "explanation", "named"]

_KINDS = {"step": "The step", "dependency": "The dependency"}


def named(about: str) -> str:
    """Name a subject as people do."""
    kind, _, name = about.partition("/")
    if about == CASES:
        return "Whole cases"
    return f"{_KINDS[kind]} {name}" if kind in _KINDS else about


def explanation(about: str, trouble: Trouble, waiting: int) -> str:
    """Say what is wrong, since when, what it leads to, and how many wait for it."""
    return f"{_what(about, trouble)}; {_cases(waiting)}."


def ending(about: str, because: str, lasted_s: float) -> str:
    """Say that it is over."""
    why = "is well again" if because == "well" else "has not been heard of for half an hour"
    plural = why.replace("is ", "are ").replace("has ", "have ") if about == CASES else why
    name = "The flow of statistics" if about == BLIND else named(about)
    return f"{name} {plural}, {_minutes(lasted_s)} after the warning."


def _what(about: str, trouble: Trouble) -> str:
    since = f"since {_clock(trouble.since_us)}"
    match trouble.kind:
        case "half_blind":
            lost = f"{trouble.stuck} statistics were lost {since}"
            return f"We are half blind: {lost}, steps may be worse than shown"
        case "stuck":
            stand = f"stands still: {trouble.stuck} cases have waited {since}"
            return f"{named(about)}: {stand}, the budget is {_s(trouble.budget_ms)}"
        case "failing":
            return f"{named(about)}: {trouble.failed_01:.0%} of the newest tries failed {since}"
        case _:
            return f"{named(about)}: {_slow(trouble)} {since}, {_missed(trouble)}"


def _slow(trouble: Trouble) -> str:
    usual = f" instead of {_s(trouble.usual_ms)}" if trouble.usual_ms else ""
    rising = f", {_s(trouble.trend_ms_per_min)} more each minute," if trouble.trend_ms_per_min >= 1 else ""
    return f"{_s(trouble.level_ms)}{usual}{rising}"


def _missed(trouble: Trouble) -> str:
    return (
        f"one in twenty misses the budget of {_s(trouble.budget_ms)} from {_clock(trouble.missed_at_us)} on"
    )


def _cases(waiting: int) -> str:
    if waiting == 0:
        return "no case waits for it now"
    return "1 case waits for it" if waiting == 1 else f"{waiting} cases wait for it"


def _s(ms: float) -> str:
    return f"{ms / 1_000:.1f} s" if ms >= 1_000 else f"{ms:.0f} ms"


def _clock(us: int) -> str:
    return f"{datetime.fromtimestamp(us / 1_000_000, UTC):%H:%M:%S} UTC"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min"
