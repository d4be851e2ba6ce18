"""Decides, by the clock, which records of the feeds were kept for long enough, and has the journal say so.

The feed writer does the rest when it comes to the event (`expiring.py`), so that a rebuild lets the same
records go at the same place. One round says few enough that the writer's transaction stays short, and
the next one begins when the writer has done it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

import structlog
from django.db import connections
from django.db.models import Exists, F, OuterRef, QuerySet

from events import journal
from events.journal import Draft
from protocol.ids import to_us
from protocol.schemas.streaming_v1_pb2 import RecordsExpired
from streaming.models import FeedHead, FeedRecord

__all__ = ["Expiry", "WriterBehind", "expired", "letting_go", "overdue", "rounds"]

# The writer deletes so many in 30 to 80 ms, in which no feed moves.
AT_ONCE: Final = 2_000
_FEEDS_AT_ONCE: Final = 200
_DAY_S: Final = 86_400.0
_AGAIN_S: Final = 600.0
_LOOK_S: Final = 0.05
_PATIENCE_S: Final = 60.0
_NAMES: Final = UUID("8b0c0f0a-63a7-4b0e-9a52-1d1d5f1c7f3e")

_log = structlog.get_logger("vouch.feed")


class WriterBehind(RuntimeError):
    """What was said to expire is still there: the feed writer is not running, or far behind."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """A feed's records below `oldest` may go, `records` of them; `epoch` is the feed's."""

    feed: str
    epoch: str
    oldest: int
    records: int


def expired(*, now: datetime, days: int, most: int | None = None) -> list[Expiry]:
    """Find how far each feed may be trimmed: up to the first record that is not older than `days`.

    Args:
        now: the moment to reckon from, aware.
        days: for how long a record is kept after it was recorded.
        most: so many records in all, and a bounded number of feeds; None: everything.
    """
    before_us = to_us(now - timedelta(days=days))
    found, left = [], most
    feeds = _feeds(before_us).order_by("feed")[: None if most is None else _FEEDS_AT_ONCE]
    for head in feeds.iterator():
        records = _count(head, before_us, left)
        found.append(Expiry(head.feed, head.epoch, head.oldest + records, records))
        left = None if left is None else left - records
        if left == 0:
            break
    return found


def rounds(
    *, now: datetime, days: int, stop: threading.Event, patience_s: float = _PATIENCE_S
) -> Iterator[list[Expiry]]:
    """Let go of all that has expired, round by round: what was said, once the writer has done it.

    Raises:
        WriterBehind: it has not within `patience_s`; what was said is done when the writer comes to it.
        NotNow: the journal cannot be written now (or a Django `DatabaseError`).
    """
    while not stop.is_set() and (found := expired(now=now, days=days, most=AT_ONCE)):
        journal.record([_draft(one, now=now, days=days) for one in found], now=now)
        _await(found, stop, patience_s)
        yield found


def overdue(*, now: datetime, days: int) -> int:
    """Count the feeds that begin with a record older than so many days."""
    return _feeds(to_us(now - timedelta(days=days))).count()


@contextmanager
def letting_go(*, days: int, clock: Callable[[], datetime]) -> Iterator[None]:
    """Look at once and then once a day, in a thread of its own, for as long as the block runs."""
    stop = threading.Event()
    thread = threading.Thread(target=_daily, args=(days, clock, stop), name="feed-retention", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _feeds(before_us: int) -> QuerySet[FeedHead]:
    """List the feeds whose oldest record may go."""
    first = FeedRecord.objects.filter(
        feed=OuterRef("feed"), number=OuterRef("oldest"), recorded_at_us__lt=before_us
    )
    return FeedHead.objects.filter(Exists(first), oldest__lte=F("head"))


def _count(head: FeedHead, before_us: int, most: int | None) -> int:
    """Count the records that go, from the oldest on; one that is younger keeps all behind it."""
    records = FeedRecord.objects.filter(feed=head.feed, number__gte=head.oldest).order_by("number")
    count = 0
    for recorded_at_us in records.values_list("recorded_at_us", flat=True)[:most].iterator():
        if recorded_at_us >= before_us:
            break
        count += 1
    return count


def _draft(one: Expiry, *, now: datetime, days: int) -> Draft:
    message = RecordsExpired(
        feed=one.feed, oldest=one.oldest, kept_days=days, before_us=to_us(now - timedelta(days=days))
    )
    client = one.feed.partition(":")[0]
    # Said again before the writer came to it, it is the same event.
    id_ = uuid5(_NAMES, f"{one.feed}/{one.epoch}/{one.oldest}")
    return Draft(message=message, subject=client, client=client, source="streaming", id=id_)


def _await(found: list[Expiry], stop: threading.Event, patience_s: float) -> None:
    ends_s = time.monotonic() + patience_s
    wanted = {one.feed: one.oldest for one in found}
    while not stop.is_set():
        heads = FeedHead.objects.filter(feed__in=wanted).values_list("feed", "oldest")
        if all(oldest >= wanted[feed] for feed, oldest in heads):
            return
        if time.monotonic() > ends_s:
            raise WriterBehind(f"the feed writer has not come to what was said within {patience_s:g} s")
        stop.wait(_LOOK_S)


def _daily(days: int, clock: Callable[[], datetime], stop: threading.Event) -> None:
    while not stop.is_set():
        wait_s = _DAY_S
        try:
            for found in rounds(now=clock(), days=days, stop=stop):
                _log.info("records_expired", feeds=len(found), records=sum(one.records for one in found))
        except Exception as error:  # noqa: BLE001 - records kept a little longer harm nobody
            _log.warning("retention_waits", error=type(error).__name__, detail=str(error))
            wait_s = _AGAIN_S
        finally:
            connections.close_all()
        stop.wait(wait_s)
