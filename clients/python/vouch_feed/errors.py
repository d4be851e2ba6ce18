"""Why following ends for good: what the caller must decide, as coming back would change nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = [
    "Available",
    "EpochChanged",
    "FeedError",
    "Hole",
    "InTheFuture",
    "Lost",
    "Refused",
    "TooOld",
    "UnsafeTransport",
    "error_of",
]


@dataclass(frozen=True, slots=True)
class Available:
    """The range that a feed has: its epoch, its oldest number, its last number."""

    epoch: str
    oldest: int
    head: int

    def __str__(self) -> str:
        return f"epoch {self.epoch}, records {self.oldest} to {self.head}"


class FeedError(Exception):
    """Following has ended; `code` is the product's word for the reason, `available` the range that exists."""

    def __init__(self, code: str, detail: str, available: Available | None = None) -> None:
        super().__init__(code, detail, available)
        self.code = code
        self.detail = detail
        self.available = available

    def __str__(self) -> str:
        there = f" (there is: {self.available})" if self.available else ""
        return f"{self.code}: {self.detail}{there}"


class Refused(FeedError):
    """The credential or the request is refused: give another one."""


class TooOld(FeedError):
    """The position is no longer kept: begin at `available.oldest`, and look after what is missing."""


class EpochChanged(FeedError):
    """The feed was restored: its numbers mean something else now. Begin anew in `available.epoch`."""


class InTheFuture(FeedError):
    """The position lies beyond the feed's head: the checkpoint is of another feed."""


class Hole(FeedError):
    """Records are missing after the position, and were not given when asked for again: tell the operators."""


class UnsafeTransport(FeedError):
    """The server cannot be reached in a way that keeps the credential secret; nothing was sent."""


class Lost(Exception):
    """The connection is over and the follower comes back; never seen by the caller.

    `retry_after_s` is how long the server wants to be left alone.
    """

    def __init__(self, why: str, retry_after_s: float = 0.0) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s


_BY_CODE: Final[Mapping[str, type[FeedError]]] = {
    "too_old": TooOld,
    "epoch_changed": EpochChanged,
    "in_the_future": InTheFuture,
}
_RANGE: Final = ("epoch", "oldest", "head")


def error_of(said: Mapping[str, object], code: str) -> FeedError:
    """Make the error that a refusal, or a goodbye, speaks of."""
    there, detail = said.get("available"), said.get("detail")
    available = None
    if isinstance(there, dict) and all(name in there for name in _RANGE):
        available = Available(str(there["epoch"]), int(there["oldest"]), int(there["head"]))
    return _BY_CODE.get(code, Refused)(code, str(detail or "the server says no more"), available)
