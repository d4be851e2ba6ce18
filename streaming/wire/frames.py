"""What the feed says, frame by frame, before a form has written it; and how a socket's close repeats it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

from protocol.problems import Refused
from streaming.reading.feeds import Head
from streaming.wire.asking import BadPartition, WrongVersion

__all__ = [
    "CLOSE_CODES",
    "Bye",
    "FallingBehind",
    "Frame",
    "Gap",
    "Heartbeat",
    "Record",
    "Refusal",
    "Welcome",
    "close_code",
    "written_once",
]

# So many records are kept as written: some megabytes at most.
_KEPT: Final = 2_048
# Why a stream ends, and how its WebSocket is closed. 40xx: come back, but after 4004; 41xx: do not.
CLOSE_CODES: Final[dict[str, int]] = {
    "done": 1000,
    "max_age": 4000,
    "shutdown": 4000,
    "feed_behind": 4002,
    "expired": 4003,
    "replaced": 4004,
    "invalid": 4100,
    "unauthorised": 4101,
    "forbidden_scope": 4101,
    "not_found": 4101,
    "too_old": 4104,
    "epoch_changed": 4105,
    "rate_limited": 4106,
    "revoked": 4107,
    "in_the_future": 4108,
    "unavailable": 1013,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """Where the feed stands, and the number `first` with which this stream begins; always the first frame."""

    head: Head
    first: int
    heartbeat_s: float
    ends_at: datetime | None
    max_age_s: float


class Record(NamedTuple):
    """One record: `body` is its public JSON without number and cursor; `prev` None: left out.

    `private`: it holds personal values in clear, and is never kept once it was sent.
    """

    number: int
    prev: int | None
    epoch: str
    body: bytes
    private: bool = False

    @property
    def cursor(self) -> str:
        """The position to resume after."""
        return f"{self.epoch}-{self.number}"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Everything of this part up to `position` was sent."""

    position: int
    head: int


@dataclass(frozen=True, slots=True)
class Gap:
    """The records `first` to `last` are no longer kept, though this reader had not had them."""

    first: int
    last: int
    oldest: int
    reason: str = "retention"


@dataclass(frozen=True, slots=True)
class FallingBehind:
    """The feed cannot be read now: the stream ends."""

    retry_after_ms: int
    reason: str = "feed_behind"


@dataclass(frozen=True, slots=True)
class Bye:
    """The stream ends: why, and when to come back; `retry_after_ms` None: not as it is."""

    reason: str
    retry_after_ms: int | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Nothing will follow on an open socket: why, with the range that exists where that is the reason."""

    refused: Refused

    @property
    def retry_after_ms(self) -> int | None:
        """When to come back; None: not as it is."""
        seconds = self.refused.extra.get("retry_after")
        return seconds * 1000 if isinstance(seconds, int) else None


Frame = Welcome | Record | Heartbeat | Gap | FallingBehind | Bye | Refusal


def written_once(write: Callable[[Record], bytes]) -> Callable[[Record], bytes]:
    """Have a record written once for all who see it alike; a private one for its reader alone."""
    shared = lru_cache(_KEPT)(write)
    return lambda record: write(record) if record.private else shared(record)


def close_code(refused: Refused) -> int:
    """Give the close code of a refusal; a wrong version or partition has one of its own."""
    if isinstance(refused, WrongVersion):
        return 4102
    return 4103 if isinstance(refused, BadPartition) else CLOSE_CODES[refused.code]
