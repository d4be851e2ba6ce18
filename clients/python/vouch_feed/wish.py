"""What a caller wants to follow, and how the follower should behave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vouch_feed.frames import Gap
from vouch_feed.position import Position

__all__ = ["Settings", "Wish"]

_MOST_PARTS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which records: all of a client's, or one case's; from where, and until when.

    `from_`: number of the first record, "earliest" or "latest"; `after`: the checkpoint to go on from. With
    neither, the server's default. `partition`: (i, n). `limit`: so many records over all connections.
    `wait_s`: end after so many seconds with nothing to send. With no end asked for, following never ends.

    Raises:
        ValueError: the wish makes no sense.
    """

    from_: int | str | None = None
    after: Position | None = None
    case: str = ""
    partition: tuple[int, int] | None = None
    kinds: tuple[str, ...] = ()
    subscription: str = ""
    limit: int | None = None
    until_caught_up: bool = False
    wait_s: int | None = None

    def __post_init__(self) -> None:
        if self.from_ is not None and self.after is not None:
            raise ValueError("give either from (inclusive) or after (exclusive), not both")
        if isinstance(self.from_, str) and self.from_ not in {"earliest", "latest"}:
            raise ValueError("from is a number, earliest or latest")
        if isinstance(self.from_, int) and self.from_ < 1:
            raise ValueError("numbers begin with 1")
        if self.limit is not None and self.limit < 1:
            raise ValueError("limit is a whole number from 1")
        if self.wait_s is not None and self.wait_s < 0:
            raise ValueError("wait is a whole number of seconds")
        if self.partition is not None:
            index, of = self.partition
            if not (1 <= of <= _MOST_PARTS and of & (of - 1) == 0 and 0 <= index < of):
                raise ValueError(
                    f"a partition is i/n, n a power of two up to {_MOST_PARTS}, i from 0 to n - 1"
                )

    @property
    def ends(self) -> bool:
        """The server ends the stream when the wish is fulfilled."""
        return self.limit is not None or self.until_caught_up or self.wait_s is not None

    @property
    def path(self) -> str:
        """Where it is asked for."""
        return f"/v1/cases/{self.case}/feed" if self.case else "/v1/feed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to follow.

    `ca_file`: PEM file of a private authority, believed besides the public ones. `longest_wait_s` caps every
    wait between two connections. `on_position` is called when a heartbeat or gap moved the position,
    `on_gap` before that for each gap; with `AsyncFollower` too they are plain functions.
    """

    ca_file: Path | None = None
    longest_wait_s: float = 30.0
    on_position: Callable[[Position], None] | None = None
    on_gap: Callable[[Gap], None] | None = None
