"""What a follower asks for, from a query or a `hello` frame, and where on a feed that begins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from access.tickets import partition_of
from protocol.problems import Refused
from streaming.reading.feeds import CASE_KINDS, Head

__all__ = ["Asked", "BadPartition", "WrongVersion", "parse", "start_of"]

_KNOWN: Final = frozenset({"from", "after", "partition", "limit", "wait", "until", "kinds", "subscription"})
_CURSOR: Final = re.compile(r"([0-9a-f]{8})-([0-9]{1,18})")
_NAME: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")
# Kinds of the contract that no event makes yet may be asked for all the same.
_KINDS: Final = CASE_KINDS | {"request", "review", "erased", "outcome"}


class BadPartition(Refused):
    """The partition is none: on a WebSocket it has a close code of its own."""

    def __init__(self) -> None:
        super().__init__(
            "invalid",
            "partition must be i/n with n a power of two up to 64 and i from 0 to n - 1, such as 0/4",
            field="partition",
        )


class WrongVersion(Refused):
    """The follower speaks none of our subprotocols."""

    def __init__(self) -> None:
        super().__init__(
            "invalid", "the socket speaks the subprotocols vouch.feed.v1+json and vouch.feed.v1+proto"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A follower's wish: at most one of `from_` (a number, "earliest" or "latest") and `after` (a cursor).

    `wait_s` ends after that many seconds with nothing to send, `limit` after that many records,
    `until_caught_up` at the head of the moment of asking; None and False: not asked for.
    `subscription` names a position that the feed keeps; empty: the reader keeps it.
    """

    from_: int | str | None = None
    after: tuple[str, int] | None = None
    partition: tuple[int, int] | None = None
    limit: int | None = None
    wait_s: float | None = None
    until_caught_up: bool = False
    kinds: frozenset[str] | None = None
    subscription: str = ""

    @property
    def names_place(self) -> bool:
        """It says in so many words where to begin."""
        return self.from_ is not None or self.after is not None


def parse(fields: Mapping[str, str]) -> Asked:
    """Read a wish from its fields as text.

    Raises:
        Refused: a field is unknown, wrong, or not built yet.
    """
    for name in sorted(fields.keys() - _KNOWN):
        raise _invalid(name, f"there is no {name}; known are {', '.join(sorted(_KNOWN))}")
    if "from" in fields and "after" in fields:
        raise _invalid("after", "give either from (inclusive) or after (exclusive), not both")
    return Asked(
        from_=_from(fields["from"]) if "from" in fields else None,
        after=_cursor(fields["after"]) if "after" in fields else None,
        partition=_partition(fields["partition"]) if "partition" in fields else None,
        limit=_whole("limit", fields["limit"], 1) if "limit" in fields else None,
        wait_s=_whole("wait", fields["wait"], 0) if "wait" in fields else None,
        until_caught_up=_until(fields.get("until")),
        kinds=_kinds(fields["kinds"]) if "kinds" in fields else None,
        subscription=_subscription(fields["subscription"]) if "subscription" in fields else "",
    )


def start_of(asked: Asked, head: Head, *, default: str) -> int:
    """Give the number before the first record wanted.

    Args:
        asked: the wish.
        head: where the feed stands.
        default: "earliest" or "latest", when the wish names no place.

    Raises:
        Refused: `too_old`, `in_the_future` or `epoch_changed`, with the range that exists.
    """
    if asked.after is not None and asked.after[0] != head.epoch:
        raise _away(
            "epoch_changed", f"the cursor is of epoch {asked.after[0]}; start again in this one", head
        )
    first = _first(asked, head, default)
    if first > head.head + 1:
        raise _away(
            "in_the_future", f"record {first} is not there yet; the next one is {head.head + 1}", head
        )
    if first < head.oldest:
        raise _away("too_old", f"record {first} is no longer kept; the oldest is {head.oldest}", head)
    return first - 1


def _first(asked: Asked, head: Head, default: str) -> int:
    if asked.after is not None:
        return asked.after[1] + 1
    place = default if asked.from_ is None else asked.from_
    if isinstance(place, int):
        return place
    return head.oldest if place == "earliest" else head.head + 1


def _away(code: str, detail: str, head: Head) -> Refused:
    return Refused(code, detail, available=head.available)


def _invalid(field: str, detail: str) -> Refused:
    return Refused("invalid", detail, field=field)


def _from(text: str) -> int | str:
    if text in {"earliest", "latest"}:
        return text
    return _whole("from", text, 1)


def _cursor(text: str) -> tuple[str, int]:
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise _invalid("after", "after must be the cursor of a record, such as 0badcafe-75")
    return found[1], int(found[2])


def _partition(text: str) -> tuple[int, int]:
    try:
        return partition_of(text)
    except Refused as refused:
        raise BadPartition from refused


def _whole(field: str, text: str, least: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and int(text) >= least):
        raise _invalid(field, f"{field} must be a whole number from {least}")
    return int(text)


def _subscription(text: str) -> str:
    if _NAME.fullmatch(text) is None:
        raise _invalid(
            "subscription",
            "a subscription's name has 1 to 64 letters, digits, dots, dashes, underscores, colons",
        )
    return text


def _until(text: str | None) -> bool:
    if text not in {None, "caught_up"}:
        raise _invalid("until", "until can only be caught_up")
    return text is not None


def _kinds(text: str) -> frozenset[str]:
    kinds = frozenset(text.split(","))
    if not kinds <= _KINDS:
        raise _invalid("kinds", f"kinds must be some of {', '.join(sorted(_KINDS))}, with commas between")
    return kinds
