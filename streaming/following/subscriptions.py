"""Positions that the feed keeps for its readers, by name, moved by their acks.

A position is kept for each of 64 parts, the finest partition there is: a reader of i/n moves those that it
holds, so halves and wholes go on where the other had come. The newest reader of a part holds it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from django.db import transaction

from access.tickets import MOST_PARTS
from events.retrying import retried
from protocol.problems import Refused
from streaming.models import FeedSubscription
from streaming.reading.feeds import Head, Part

__all__ = ["Hold", "Replaced", "keep", "replaced", "take"]

_MOST_NAMES: Final = 100


class Replaced(Exception):
    """Another reader of the same subscription has taken this part over."""


@dataclass(slots=True)
class Hold:
    """One reader's hold on a part of it: `acked` is what it acknowledged, `kept` what of that is stored."""

    feed: str
    name: str
    epoch: str
    parts: range
    kept: int
    acked: int
    by: str = field(default_factory=lambda: uuid4().hex)

    @property
    def unsaved(self) -> bool:
        """An ack has not been stored yet."""
        return self.acked > self.kept


@retried
def take(name: str, part: Part, head: Head, *, start: int | None, otherwise: int) -> Hold:
    """Take a part of a subscription over; `kept` says after which record its reader goes on.

    Args:
        name: the client's own, unique in its feed.
        part: the feed or partition that is read.
        head: where the feed stands.
        start: the number before the first record that was asked for in so many words; None: what is kept.
        otherwise: the same where a new subscription begins.

    Raises:
        Refused: `invalid`: it is a case, or there are too many names; `epoch_changed`: what is kept is of
            another epoch.
    """
    if part.case:
        raise Refused("invalid", "a case is read without a subscription", field="subscription")
    mine = range(part.index, MOST_PARTS, part.of)
    with transaction.atomic():
        known = _held(part.feed, name) or _begun(part.feed, name, _cursor(head.epoch, otherwise))
        if start is not None:
            _move(known, mine, _cursor(head.epoch, start))
        kept = _kept(known, mine, head)
        hold = Hold(part.feed, name, head.epoch, mine, kept, kept)
        for one in mine:
            known.holders[one] = hold.by
        known.save(update_fields=["cursors", "holders"])
    return hold


@retried
def keep(hold: Hold) -> None:
    """Store what a reader has acknowledged, if it still holds its part.

    Raises:
        Replaced: another one does.
    """
    acked = hold.acked
    with transaction.atomic():
        known = _held(hold.feed, hold.name)
        if known is None or _is_lost(hold, known.holders):
            raise Replaced
        if acked > hold.kept:
            # A part that is further, from when it was read apart, stays there.
            behind = [one for one in hold.parts if _number(known.cursors[one]) < acked]
            _move(known, behind, _cursor(hold.epoch, acked))
            known.save(update_fields=["cursors"])
    hold.kept = acked


def replaced(holds: Collection[Hold]) -> frozenset[str]:
    """Tell which holds another reader has taken over, in one question; gives their `by`."""
    names = {(hold.feed, hold.name) for hold in holds}
    found = FeedSubscription.objects.filter(
        feed__in={feed for feed, _ in names}, name__in={name for _, name in names}
    )
    holders = {(one.feed, one.name): one.holders for one in found}
    return frozenset(hold.by for hold in holds if _is_lost(hold, holders.get((hold.feed, hold.name))))


def _is_lost(hold: Hold, holders: Sequence[str] | None) -> bool:
    return holders is None or any(holders[one] != hold.by for one in hold.parts)


def _held(feed: str, name: str) -> FeedSubscription | None:
    return FeedSubscription.objects.select_for_update().filter(feed=feed, name=name).first()


def _begun(feed: str, name: str, cursor: str) -> FeedSubscription:
    """Begin one, unless a reader of another part has done so meanwhile, and hold it."""
    if FeedSubscription.objects.filter(feed=feed).count() >= _MOST_NAMES:
        raise Refused(
            "invalid", f"a feed has up to {_MOST_NAMES} subscriptions: use one of them", field="subscription"
        )
    new = FeedSubscription(feed=feed, name=name, cursors=[cursor] * MOST_PARTS, holders=[""] * MOST_PARTS)
    FeedSubscription.objects.bulk_create([new], ignore_conflicts=True)
    return _held(feed, name) or new


def _move(known: FeedSubscription, parts: Iterable[int], cursor: str) -> None:
    for one in parts:
        known.cursors[one] = cursor


def _kept(known: FeedSubscription, parts: range, head: Head) -> int:
    """Find how far all of some parts have come."""
    cursors = [known.cursors[one] for one in parts]
    if any(cursor.partition("-")[0] != head.epoch for cursor in cursors):
        raise Refused(
            "epoch_changed",
            f"the subscription {known.name} stands in another epoch: say from where it goes on in this one",
            available=head.available,
        )
    return min(map(_number, cursors))


def _cursor(epoch: str, number: int) -> str:
    return f"{epoch}-{number}"


def _number(cursor: str) -> int:
    return int(cursor.partition("-")[2])
