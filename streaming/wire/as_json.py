"""Frames as JSON: each names itself; as a line, as a server-sent event, or as the text of a message."""

from __future__ import annotations

from protocol.ids import to_us
from streaming.wire.frames import (
    Bye,
    FallingBehind,
    Frame,
    Gap,
    Heartbeat,
    Record,
    Refusal,
    Welcome,
    written_once,
)
from streaming.words import encode, rfc3339

__all__ = ["as_event", "as_json", "as_line"]


def as_json(frame: Frame) -> bytes:
    """Write a frame as one JSON object; a record's public JSON is passed on as it is stored."""
    if isinstance(frame, Record):
        return _record(frame)
    return encode(_told(frame))


def as_line(frame: Frame) -> bytes:
    """Write a frame as a line (application/x-ndjson)."""
    return as_json(frame) + b"\n"


def as_event(frame: Frame) -> bytes:
    """Write a frame as a server-sent event: a record's cursor is its id, a goodbye says when to come back."""
    start = b""
    if isinstance(frame, Record):
        start = b"id: %b\n" % frame.cursor.encode()
    elif isinstance(frame, Bye | FallingBehind) and frame.retry_after_ms is not None:
        start = b"retry: %d\n" % frame.retry_after_ms
    return b"%bdata: %b\n\n" % (start, as_json(frame))


@written_once
def _record(frame: Record) -> bytes:
    prev = b"" if frame.prev is None else b'"prev":%d,' % frame.prev
    start = b'{"frame":"record","number":%d,%b"cursor":"%b",'
    return start % (frame.number, prev, frame.cursor.encode()) + frame.body[1:]


def _told(frame: Welcome | Heartbeat | Gap | FallingBehind | Bye | Refusal) -> dict[str, object]:
    match frame:
        case Welcome():
            return {"frame": "welcome", **_standing(frame)}
        case Heartbeat():
            return {"frame": "heartbeat", "position": frame.position, "head": frame.head}
        case Gap():
            hole = {"from": frame.first, "to": frame.last, "oldest": frame.oldest}
            return {"frame": "gap", **hole, "reason": frame.reason}
        case FallingBehind():
            name = "falling_behind"
            return {"frame": name, "reason": frame.reason, "retry_after_ms": frame.retry_after_ms}
        case Bye():
            return {"frame": "bye", "reason": frame.reason, **_when(frame)}
        case Refusal(refused):
            why = {"reason": refused.code, "detail": refused.detail}
            return {"frame": "bye", **why, **_when(frame), **refused.extra}


def _when(frame: Bye | Refusal) -> dict[str, object]:
    return {} if frame.retry_after_ms is None else {"retry_after_ms": frame.retry_after_ms}


def _standing(frame: Welcome) -> dict[str, object]:
    return {
        "epoch": frame.head.epoch,
        "oldest": frame.head.oldest,
        "head": frame.head.head,
        "from": frame.first,
        "heartbeat_s": frame.heartbeat_s,
        "auth_expires_at": None if frame.ends_at is None else rfc3339(to_us(frame.ends_at)),
        "max_age_s": frame.max_age_s,
    }
