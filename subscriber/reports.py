"""How far subscribers have come, as values that another thread may look at, and as metrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from protocol.ids import to_us
from subscriber import metrics as m
from subscriber.counts import Counts
from subscriber.metering import Reading

__all__ = ["Report", "readings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One subscriber, as it stood a moment ago.

    Everything up to `floor` is done, `behind` is what is not, as last read. `oldest_us` is when the oldest
    event that is not done was sequenced, as far as it was read; 0 when there is none.
    """

    name: str
    floor: int
    behind: int
    oldest_us: int
    parked_keys: int
    counts: Counts


def readings(reports: Iterable[Report], now: datetime) -> Iterator[Reading]:
    """Write how subscribers stand as metrics."""
    for at in reports:
        behind_s = max(0, to_us(now) - at.oldest_us) / 1e6 if at.oldest_us else 0.0
        for metric, value in (
            (m.SUBSCRIBER_POSITION, at.floor),
            (m.SUBSCRIBER_LAG, at.behind),
            (m.SUBSCRIBER_LAG_SECONDS, behind_s),
            (m.SUBSCRIBER_PARKED_KEYS, at.parked_keys),
            (m.SUBSCRIBER_HANDLED, at.counts.handled),
            (m.SUBSCRIBER_UNKNOWN, at.counts.unknown),
            (m.SUBSCRIBER_TOO_OLD, at.counts.too_old),
            (m.SUBSCRIBER_PARKED, at.counts.parked),
            (m.SUBSCRIBER_BURIED, at.counts.buried),
            (m.SUBSCRIBER_WAITS, at.counts.waits),
            (m.SUBSCRIBER_REPEATED, at.counts.repeated),
            (m.SUBSCRIBER_STRAYS, at.counts.strays),
            (m.SUBSCRIBER_MISSING, at.counts.missing),
        ):
            yield Reading(metric, value, (at.name,))
