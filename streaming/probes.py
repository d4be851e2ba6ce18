"""What the doctor looks at in the feeds: that none has a hole, the journal's epoch, and that records go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from django.conf import settings
from django.db.models import Count

from events import journal
from events.findings import Finding, Probe, Severity
from streaming.models import FeedHead, FeedRecord
from streaming.writing.retention import overdue

__all__ = ["feed_probes"]

# The feed's process looks once a day; a day more is patience.
_LATE_DAYS: Final = 2


def feed_probes() -> tuple[Probe, ...]:
    """List the looks at the feeds."""
    return (Probe("feeds", _feeds),)


def _feeds() -> Iterator[Finding]:
    counts = dict(FeedRecord.objects.values_list("feed").annotate(records=Count("number")))
    heads = list(FeedHead.objects.order_by("feed"))
    for head in heads:
        expected = head.head - head.oldest + 1
        found = counts.get(head.feed, 0)
        if found != expected:
            what = f"{head.feed} has {found} records, and should have {expected}"
            yield Finding(Severity.ACT, what, "run `manage.py feed rebuild`")
        if head.epoch != journal.head().epoch:
            what = f"{head.feed} is of epoch {head.epoch}, the journal of {journal.head().epoch}"
            yield Finding(Severity.ACT, what, "start the feed's process: it takes the journal's epoch over")
    if late := overdue(now=datetime.now(UTC), days=settings.FEED_DAYS + _LATE_DAYS):
        what = f"{late} feeds begin with a record that should have gone {_LATE_DAYS} days ago"
        yield Finding(Severity.WATCH, what, "look at the log of the feed's process for retention_waits")
    yield Finding(Severity.FINE, f"{len(heads)} feeds, {sum(counts.values())} records")
