"""A wish to follow that was granted: who reads, which part from where, and how it looks to them."""

from __future__ import annotations

from dataclasses import dataclass

from access.principals import Principal
from streaming.following.subscriptions import Hold
from streaming.following.views import View
from streaming.reading.feeds import Head, Part
from streaming.wire.asking import Asked

__all__ = ["Following"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """One stream to be.

    `after` is the number of the feed above which reading starts; `first` the reader's own first number;
    `personal` tells whether it sees personal values; `hold` is its subscription, if it has one.
    """

    principal: Principal
    part: Part
    view: View
    asked: Asked
    head: Head
    after: int
    first: int
    shown_head: Head
    personal: bool
    hold: Hold | None = None
