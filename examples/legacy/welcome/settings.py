"""The service's own settings, beside those of every service."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

__all__ = ["WelcomeSettings", "welcome_settings"]


@dataclass(frozen=True, slots=True)
class WelcomeSettings:
    """What an operator may set.

    `post_url` is the print house ($VOUCH_WELCOME_POST_URL). `grace` is how long after a hand-over the bank
    may still be sending letters of its own ($VOUCH_WELCOME_GRACE_S, seconds): more than its longest request.
    `premium_from_pence` is from which deposit on a letter is premium ($VOUCH_WELCOME_PREMIUM_FROM_PENCE).
    """

    post_url: str
    grace: timedelta
    premium_from_pence: int


def welcome_settings(environment: Mapping[str, str] = os.environ) -> WelcomeSettings:
    """Read them.

    Raises:
        ValueError: one is no number; the message has what it is.
    """
    return WelcomeSettings(
        post_url=environment.get("VOUCH_WELCOME_POST_URL", "http://127.0.0.1:8300"),
        grace=timedelta(seconds=float(environment.get("VOUCH_WELCOME_GRACE_S", "60"))),
        premium_from_pence=int(environment.get("VOUCH_WELCOME_PREMIUM_FROM_PENCE", "100000")),
    )
