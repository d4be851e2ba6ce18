"""The frames of the feed, each naming itself, as one line of JSON."""

from __future__ import annotations

from datetime import datetime

from protocol.ids import to_us
from protocol.problems import Refused
from streaming.asking import BadPartition, WrongVersion
from streaming.feeds import Head
from streaming.views import Shown
from streaming.words import encode, rfc3339

__all__ = ["CLOSE_CODES", "bye", "close_code", "heartbeat", "record", "refusal", "welcome"]

# Why a stream ends, and how its WebSocket is closed. 40xx: come back; 41xx: do not.
CLOSE_CODES: dict[str, int] = {
    "done": 1000,
    "max_age": 4000,
    "shutdown": 4000,
    "feed_behind": 4002,
    "expired": 4003,
    "invalid": 4100,
    "not_yet": 4100,
    "unauthorised": 4101,
    "forbidden_scope": 4101,
    "not_found": 4101,
    "too_old": 4104,
    "epoch_changed": 4105,
    "revoked": 4107,
    "in_the_future": 4108,
    "unavailable": 1013,
}


def close_code(refused: Refused) -> int:
    """Give the close code of a refusal; a wrong version or partition has one of its own."""
    if isinstance(refused, WrongVersion):
        return 4102
    return 4103 if isinstance(refused, BadPartition) else CLOSE_CODES[refused.code]


def welcome(
    head: Head, *, first: int, heartbeat_s: float, ends_at: datetime | None, max_age_s: float
) -> bytes:
    """Say where the feed stands and where this stream really begins; always the first frame."""
    return encode(
        {
            "frame": "welcome",
            "epoch": head.epoch,
            "oldest": head.oldest,
            "head": head.head,
            "from": first,
            "heartbeat_s": heartbeat_s,
            "auth_expires_at": None if ends_at is None else rfc3339(to_us(ends_at)),
            "max_age_s": max_age_s,
        }
    )


def record(shown: Shown, body: bytes, epoch: str) -> bytes:
    """Put number and cursor before a record's public JSON, which is passed on as it is stored."""
    prev = b"" if shown.prev is None else b'"prev":%d,' % shown.prev
    start = b'{"frame":"record","number":%d,%b"cursor":"%b-%d",'
    return start % (shown.number, prev, epoch.encode(), shown.number) + body[1:]


def heartbeat(position: int, head: int) -> bytes:
    """Say that everything of this part up to a position was sent."""
    return encode({"frame": "heartbeat", "position": position, "head": head})


def bye(reason: str, *, retry_after_ms: int) -> bytes:
    """Say that the stream ends, why, and when to come back."""
    return encode({"frame": "bye", "reason": reason, "retry_after_ms": retry_after_ms})


def refusal(refused: Refused) -> bytes:
    """Say on an open socket why nothing will follow, with the range that exists where that is the reason."""
    return encode({"frame": "bye", "reason": refused.code, "detail": refused.detail, **refused.extra})
