"""What the feed writer does when the journal says that records of a feed have expired: it lets them go."""

from __future__ import annotations

from typing import Final

from protocol.envelope import Event
from protocol.schemas.streaming_v1_pb2 import RecordsExpired
from streaming.words import Kind
from subscriber import Context

__all__ = ["expire"]

# What a decision can rest on or correct: records to come name these by number, also when they are gone.
_NAMED: Final = (Kind.PARTIAL.value, Kind.CHECK.value, Kind.WAITING.value, Kind.DECISION.value)


def expire(event: Event, _value: object, ctx: Context) -> None:
    """Delete the records below the first that is kept, and raise the feed's oldest number with it.

    How many go at once is for whoever says the event: `streaming.writing.retention` says few.
    """
    if not isinstance(event.message, RecordsExpired):
        return
    feed = event.message.feed
    rows = ctx.execute("SELECT oldest, head FROM streaming_feedhead WHERE feed = ?", (feed,))
    if not rows:
        return
    oldest, head = (int(str(value)) for value in rows[0])
    kept_from = min(event.message.oldest, head + 1)
    if kept_from > oldest:
        _let_go(feed, kept_from, ctx)


def _let_go(feed: str, kept_from: int, ctx: Context) -> None:
    ctx.execute(
        "INSERT INTO streaming_feedplace (event_id, feed, number)"
        " SELECT event_id, feed, MIN(number) FROM streaming_feedrecord"
        " WHERE feed = ? AND number < ? AND kind IN (?, ?, ?, ?) GROUP BY event_id, feed"
        " ON CONFLICT (event_id) DO NOTHING",
        (feed, kept_from, *_NAMED),
    )
    ctx.execute("DELETE FROM streaming_feedrecord WHERE feed = ? AND number < ?", (feed, kept_from))
    ctx.execute("UPDATE streaming_feedhead SET oldest = ? WHERE feed = ?", (kept_from, feed))
