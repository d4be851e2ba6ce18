"""The delivery log's rows: written many at once, closed when their process is gone, dropped when old."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Final

from django.db import connections, router, transaction
from django.db.models import F, Q

from protocol.ids import to_us, uuid7
from streaming.deliveries.process import has_ended, this_process
from streaming.models import LoggedDelivery, LoggedGap

__all__ = ["LOST", "DeliveryRow", "GapRow", "close_lost", "drop_old", "fit", "write"]

LOST: Final = "lost"
_SILENT: Final = timedelta(minutes=1)
_KEPT: Final = timedelta(days=90)
_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """A row of `LoggedDelivery`: the fields have its columns' names."""

    id: str
    client: str
    live: bool
    key_id: str
    form: str
    part: str
    subscription: str
    first: int
    opened_at_us: int
    process: str
    sent: int = 0
    acked: int = 0
    closed_at_us: int = 0
    reason: str = ""
    last_seen_us: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRow:
    """A row of `LoggedGap`."""

    delivery: str
    nth: int
    from_number: int
    to_number: int
    oldest: int
    reason: str
    at_us: int


def fit(text: str, most: int) -> str:
    """Cut a text to what its column holds: one row that is refused would hold all others up."""
    return text.replace("\0", "")[:most]


def _upsert(table: str, row: type[DeliveryRow | GapRow], key: str, changing: Sequence[str]) -> str:
    names = [field.name for field in fields(row)]
    columns = ", ".join(f'"{name}"' for name in names)
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in changing)
    places = ", ".join(["%s"] * len(names))
    return f"INSERT INTO {table} ({columns}) VALUES ({places}) ON CONFLICT ({key}) DO UPDATE SET {changes}"  # noqa: S608 - names of our own columns


_DELIVERY: Final = _upsert(
    "streaming_loggeddelivery",
    DeliveryRow,
    "id",
    ("sent", "acked", "closed_at_us", "reason", "last_seen_us"),
)
_GAP: Final = _upsert(
    "streaming_loggedgap", GapRow, "delivery, nth", ("from_number", "to_number", "oldest", "reason", "at_us")
)
# Of a thousand rows `dataclasses.astuple` would take longer than the database.
_DELIVERY_VALUES: Final = attrgetter(*(field.name for field in fields(DeliveryRow)))
_GAP_VALUES: Final = attrgetter(*(field.name for field in fields(GapRow)))


def write(deliveries: Sequence[DeliveryRow], gaps: Sequence[GapRow]) -> None:
    """Write rows in one transaction; those that are there get what has changed.

    Raises:
        Error: the database is away: nothing was written, or all of it and nobody knows; write it again.
    """
    alias = router.db_for_write(LoggedDelivery)
    # Made before the transaction begins: while it lasts, others wait to write.
    rows, told = [_DELIVERY_VALUES(row) for row in deliveries], [_GAP_VALUES(gap) for gap in gaps]
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        if rows:
            cursor.executemany(_DELIVERY, rows)
        if told:
            cursor.executemany(_GAP, told)


def close_lost(*, now: datetime) -> int:
    """Close, as `lost`, what a process left open that has ended or not been seen for a minute; count them.

    A process that was taken for lost and is not opens its own again when it next writes.

    Raises:
        Error: the database is away.
    """
    others = LoggedDelivery.objects.filter(closed_at_us=0).exclude(process=this_process())
    ended = [name for name in set(others.values_list("process", flat=True)) if has_ended(name)]
    silent = Q(last_seen_us__lt=to_us(now - _SILENT))
    return others.filter(Q(process__in=ended) | silent).update(closed_at_us=F("last_seen_us"), reason=LOST)


def drop_old(*, now: datetime) -> int:
    """Drop what was opened more than 90 days ago and is closed, a thousand at a time; count them.

    Raises:
        Error: the database is away.
    """
    # Ids begin with the moment of opening: the primary key finds the old ones.
    first_kept = str(uuid7(unix_ms=to_us(now - _KEPT) // 1000, random=bytes(10)))
    old = LoggedDelivery.objects.filter(id__lt=first_kept).exclude(closed_at_us=0).order_by("id")
    dropped = 0
    while ids := list(old.values_list("id", flat=True)[:_AT_ONCE]):
        with transaction.atomic(using=router.db_for_write(LoggedDelivery)):
            LoggedGap.objects.filter(delivery__in=ids).delete()
            dropped += LoggedDelivery.objects.filter(id__in=ids).delete()[0]
    return dropped
