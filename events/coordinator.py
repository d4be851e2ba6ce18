"""Whether coordinated events can be said now: the sign of life that the relay leaves in the main database.

The relay notes the moment of each transaction that Kafka has committed for it, and makes an empty one three
times a second when there is nothing to carry. A fresh sign proves that within the last second the relay ran,
was the leader, and had a transaction committed by Kafka's coordinator. It proves nothing about the next
second, nor that the relay has caught up. Without Kafka the journal's own transaction is the coordinator.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

from events.errors import CoordinatorAway
from events.models import RelayState
from protocol.catalogue import Lane, Stream, lane_of

__all__ = ["FRESH_US", "clock_us", "require_coordinator"]

FRESH_US: Final = 1_000_000


def require_coordinator(streams: Iterable[Stream]) -> None:
    """Check that a unit may be said that has events of these streams.

    Raises:
        CoordinatorAway: one is coordinated, and the sign of life is older than a second: come again.
    """
    if settings.KAFKA is None or lane_of(streams) is not Lane.COORDINATED:
        return
    signs = RelayState.objects.values_list("committed_at_us", flat=True)
    age_us = clock_us() - max(signs, default=0)
    # A sign from the future is no sign: the clock was put back since.
    if abs(age_us) > FRESH_US:
        raise CoordinatorAway(
            f"Kafka last committed for the relay {age_us / 1_000_000:.1f} s ago: coordinated events wait"
        )


def clock_us() -> int:
    """Give the moment by the main database's clock: hosts that share it need not agree on the time."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor != "postgresql":
        return time.time_ns() // 1000  # SQLite is on this machine
    with connection.cursor() as cursor:
        cursor.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        return int(cursor.fetchone()[0])
