"""What a test may have happen on the feed server: clients come, records are written, a feed is restored."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from django.db import transaction
from django.db.models import F

from access.clients import revoke_key
from access.models import ClientKey
from access.reach import slot_of_case
from events import journal
from streaming.models import FeedHead, FeedRecord
from streaming.words import encode, rfc3339
from tests.streaming import told
from tests.streaming.conftest import Client, House

__all__ = ["COMMANDS"]

_FEEDS: dict[str, Client] = {}
_CASES = 40
# Past this many, records are written straight into the feed's table: the writer would take its time.
_BY_THE_WRITER = 30


def _open(*, records: int) -> dict[str, Any]:
    """Add a client whose feed has so many records: the first by the feed writer, from events."""
    house = House(now=datetime.now(UTC))
    client = house.client()
    client.many(min(records, _BY_THE_WRITER))
    house.write()
    _FEEDS[client.name] = client
    more = records - (_head(client.feed) if records else 0)
    if more > 0:
        _add(feed=client.name, records=more)
    return {"feed": client.name, "key": client.key, "epoch": journal.head().epoch}


def _add(*, feed: str, records: int) -> dict[str, Any]:
    """Write so many records more, of cases that take turns."""
    name = _FEEDS[feed].feed
    with transaction.atomic(using="feed"):
        head = _head(name)
        made = [_record(name, number) for number in range(head + 1, head + records + 1)]
        FeedRecord.objects.bulk_create(made)
        moved = FeedHead.objects.filter(feed=name).update(head=F("head") + records)
        if not moved:
            FeedHead.objects.create(feed=name, epoch=journal.head().epoch, head=records)
    return {"head": head + records}


def _event(*, feed: str) -> dict[str, Any]:
    """Have the feed writer write the three records of one more case."""
    client = _FEEDS[feed]
    client.case(told.received())
    client.house.write()
    return {"head": _head(client.feed)}


def _forget(*, feed: str, oldest: int) -> dict[str, Any]:
    """Let retention take what lies before a number."""
    FeedHead.objects.filter(feed=_FEEDS[feed].feed).update(oldest=oldest)
    return {}


def _revoke(*, feed: str) -> dict[str, Any]:
    """Revoke the client's key."""
    key = ClientKey.objects.get(client=feed)
    revoke_key(client=feed, key_id=key.key_id, now=datetime.now(UTC))
    return {}


def _head(name: str) -> int:
    return FeedHead.objects.filter(feed=name).values_list("head", flat=True).first() or 0


def _record(feed: str, number: int) -> FeedRecord:
    case = str(uuid5(NAMESPACE_OID, f"{feed} {number * 7 % _CASES}"))
    at_us = time.time_ns() // 1000
    body = {
        "kind": "evidence",
        "case": case,
        "reference": "Grüße, 注文 1",
        "live": True,
        "recorded_at": rfc3339(at_us),
        "final": True,
        # Lines of very different lengths: a cut falls into each part of a frame.
        "data": {"id": f"e{number}", "kind": "document_front", "accepted": True, "note": "x" * (number % 90)},
    }
    return FeedRecord(
        feed=feed,
        number=number,
        slot=slot_of_case(case),
        kind="evidence",
        case=case,
        recorded_at_us=at_us,
        final=True,
        body=encode(body),
        event_id=f"e{number}",
    )


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    "open": _open,
    "add": _add,
    "event": _event,
    "forget": _forget,
    "revoke": _revoke,
}
