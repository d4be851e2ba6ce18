"""How long a message that was not taken waits before it is tried again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

__all__ = ["retry_at", "wait"]

# A greylisting server wants minutes; a server that is down for an hour is not asked sixty times.
_FIRST: Final = timedelta(minutes=1)
_LONGEST: Final = timedelta(hours=2)


def wait(attempt: int, key: str) -> timedelta:
    """Tell how long to wait after a try: longer each time, up to two hours and half as much again.

    What is added is drawn from the message's key, so that many messages do not come back at once, and the
    same one waits alike when it is asked again.

    Args:
        attempt: the try that failed, 1 for the first.
        key: of the message, hexadecimal.
    """
    doublings = min(attempt - 1, 16)
    base = min(_FIRST * (1 << doublings), _LONGEST)
    jitter_01 = int(key[:8], 16) / 0xFFFFFFFF
    return base + base * jitter_01 / 2


def retry_at(attempt: int, key: str, *, now: datetime, give_up_at: datetime) -> datetime | None:
    """Tell when to try again; None: it would be too late, give it up."""
    at = now + wait(attempt, key)
    return at if at <= give_up_at else None
