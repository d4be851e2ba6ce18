"""Follows a feed of Vouch: every record in order, across cuts, from where the caller left off."""

from __future__ import annotations

from vouch_feed.async_follower import AsyncFollower
from vouch_feed.errors import (
    EpochChanged,
    FeedError,
    Hole,
    InTheFuture,
    Refused,
    TooOld,
    UnsafeTransport,
)
from vouch_feed.follower import Follower
from vouch_feed.frames import Gap, Record
from vouch_feed.metrics import Metrics
from vouch_feed.partitions import Merged, partition, slot, split
from vouch_feed.position import Position
from vouch_feed.wish import Settings, Wish

__all__ = [
    "AsyncFollower",
    "EpochChanged",
    "FeedError",
    "Follower",
    "Gap",
    "Hole",
    "InTheFuture",
    "Merged",
    "Metrics",
    "Position",
    "Record",
    "Refused",
    "Settings",
    "TooOld",
    "UnsafeTransport",
    "Wish",
    "partition",
    "slot",
    "split",
]
