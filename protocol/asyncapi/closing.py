"""How a feed's stream ends or is refused, and what a client does then: close codes and problems."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from protocol.problems import PROBLEMS

__all__ = ["CLOSINGS", "Closing", "bye_reasons", "refusals"]


@dataclass(frozen=True, slots=True)
class Closing:
    """One close code: the reasons that the last frame gives with it, what happened, and what a client does.

    `said` False: the contract keeps the code, and nothing is closed with it yet.
    """

    code: int
    reasons: tuple[str, ...]
    meaning: str
    client: str
    said: bool = True


_AGAIN: Final = "Come back after retry_after_ms, after the last cursor stored."
_OTHERWISE: Final = "Come back at a place within `available`."
_NOT: Final = "Do not come back as it is: "
CLOSINGS: Final = (
    Closing(
        1000, ("done",), "The wish is fulfilled; no frame says so.", "Go on after the last cursor, or stop."
    ),
    Closing(
        1011, (), "We failed; no frame says so.", "Come back after a pause, after the last cursor stored."
    ),
    Closing(1013, ("unavailable",), "A part of us is away, or too many have yet to say hello.", _AGAIN),
    Closing(4000, ("max_age", "shutdown"), "A planned cut, or a restart of ours.", _AGAIN),
    Closing(
        4001, (), "Kept for a heartbeat that fails.", "Come back after the last cursor stored.", said=False
    ),
    Closing(4002, ("feed_behind",), "The feed cannot be read now; falling_behind says so.", _AGAIN),
    Closing(4003, ("expired",), "The credential has ended.", "Come back with a fresh one."),
    Closing(4004, ("replaced",), "Another reader has taken the subscription.", "Do not come back."),
    Closing(
        4100, ("invalid",), "A frame or a wish was wrong.", f"{_NOT}`field` and `detail` say what is wrong."
    ),
    Closing(
        4101,
        ("unauthorised", "forbidden_scope", "not_found"),
        "The credential is wrong, or not for this.",
        f"{_NOT}get a credential that may.",
    ),
    Closing(
        4102, ("invalid",), "No subprotocol that was offered is spoken here.", f"{_NOT}offer one of ours."
    ),
    Closing(4103, ("invalid",), "The partition is none.", f"{_NOT}n is a power of two up to 64, i below n."),
    Closing(4104, ("too_old",), "The position is no longer kept.", _OTHERWISE),
    Closing(4105, ("epoch_changed",), "The cursor is of another epoch: there was a restore.", _OTHERWISE),
    Closing(
        4106, ("rate_limited",), "Too many streams are open.", f"{_NOT}close some, or read more on each."
    ),
    Closing(4107, ("revoked",), "The key was revoked.", f"{_NOT}get another key."),
    Closing(4108, ("in_the_future",), "The position is not there yet.", _OTHERWISE),
)
# Why a long response is refused before it has begun.
_REFUSALS: Final = (
    "invalid",
    "unauthorised",
    "forbidden_scope",
    "not_found",
    "method_not_allowed",
    "not_acceptable",
    "epoch_changed",
    "too_old",
    "in_the_future",
    "rate_limited",
    "unavailable",
)
# Ends that no `bye` tells: the one is silent, the other a frame of its own.
_NO_BYE: Final = {"done", "feed_behind"}


def bye_reasons() -> list[str]:
    """List what a `bye` gives as its reason."""
    given = dict.fromkeys(reason for closing in CLOSINGS for reason in closing.reasons)
    return [reason for reason in given if reason not in _NO_BYE]


def refusals() -> list[dict[str, Any]]:
    """List the problems that answer a request for a long response."""
    chosen = [PROBLEMS[code] for code in _REFUSALS]
    return [{"status": int(one.status), "code": one.code, "title": one.title} for one in chosen]
