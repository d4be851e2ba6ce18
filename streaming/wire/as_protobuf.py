"""Frames as Protocol Buffers (`vouch.feed.v1.ServerFrame`), one a message.

A record is stored as the JSON that it is published as, and taken apart once for all who see it alike.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from protocol.ids import to_us
from protocol.schemas import feed_v1_pb2 as feed
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
from streaming.words import Kind, rfc3339

__all__ = ["as_protobuf"]

_Data = dict[str, Any]


def as_protobuf(frame: Frame) -> bytes:
    """Write a frame as one serialised `ServerFrame`."""
    match frame:
        case Record():
            return _record(frame)
        case Welcome():
            written = feed.ServerFrame(welcome=_welcome(frame))
        case Heartbeat():
            beat = feed.Heartbeat(position=frame.position, head=frame.head)
            written = feed.ServerFrame(heartbeat=beat)
        case Gap():
            hole = feed.Gap(to=frame.last, oldest=frame.oldest, reason=frame.reason, **{"from": frame.first})
            written = feed.ServerFrame(gap=hole)
        case FallingBehind():
            behind = feed.FallingBehind(reason=frame.reason, retry_after_ms=frame.retry_after_ms)
            written = feed.ServerFrame(falling_behind=behind)
        case Bye():
            bye = feed.Bye(reason=frame.reason, retry_after_ms=frame.retry_after_ms)
            written = feed.ServerFrame(bye=bye)
        case Refusal():
            written = feed.ServerFrame(bye=_refusal(frame))
    return written.SerializeToString()


@written_once
def _record(frame: Record) -> bytes:
    record = _said(frame.body)
    record.number, record.cursor = frame.number, frame.cursor
    if frame.prev is not None:
        record.prev = frame.prev
    return feed.ServerFrame(record=record).SerializeToString()


def _welcome(frame: Welcome) -> feed.Welcome:
    return feed.Welcome(
        epoch=frame.head.epoch,
        oldest=frame.head.oldest,
        head=frame.head.head,
        heartbeat_s=frame.heartbeat_s,
        auth_expires_at=None if frame.ends_at is None else rfc3339(to_us(frame.ends_at)),
        max_age_s=frame.max_age_s,
        **{"from": frame.first},
    )


def _refusal(frame: Refusal) -> feed.Bye:
    extra = frame.refused.extra
    field, available = extra.get("field"), extra.get("available")
    return feed.Bye(
        reason=frame.refused.code,
        detail=frame.refused.detail,
        retry_after_ms=frame.retry_after_ms,
        field=None if field is None else str(field),
        available=feed.Available(**available) if isinstance(available, dict) else None,
    )


def _said(body: bytes) -> feed.Record:
    """Turn a record's public JSON into a `Record` that has no number yet."""
    said: _Data = json.loads(body)
    record = feed.Record(
        kind=said["kind"],
        case=said["case"],
        reference=said["reference"],
        live=said["live"],
        recorded_at=said["recorded_at"],
        final=said["final"],
    )
    data: _Data = said["data"]
    if data.get("erased") is True:
        record.erased = True
    elif (write := _WRITERS.get(said["kind"])) is not None:
        write(record, data)
    return record


def _case(record: feed.Record, data: _Data) -> None:
    record.case_status.status = data["status"]


def _evidence(record: feed.Record, data: _Data) -> None:
    record.evidence.CopyFrom(feed.Evidence(**data))


def _partial(record: feed.Record, data: _Data) -> None:
    told = feed.Partial(fact=data["fact"], evidence=data["evidence"], confidence=data.get("confidence"))
    match data.get("value"):
        case bool() as flag:
            told.flag = flag
        case dict() as zone:
            lines = [line.encode() for line in zone.get("lines", ())]
            told.mrz.CopyFrom(
                feed.MachineZone(format=zone["format"], check_digits_ok=zone["check_digits_ok"], lines=lines)
            )
        case str() as word if data["fact"].startswith("field."):
            told.text = word.encode()
        case str() as code:
            told.code = code
    record.partial.CopyFrom(told)


def _check(record: feed.Record, data: _Data) -> None:
    parts = {name: feed.Breakdown(**part) for name, part in data["breakdown"].items()}
    reasons = [feed.Reason(**why) for why in data["reasons"]]
    record.check.CopyFrom(feed.Check(**{**data, "breakdown": parts, "reasons": reasons}))


def _decision(record: feed.Record, data: _Data) -> None:
    policy = {"policy": feed.Policy(**data["policy"])} if "policy" in data else {}
    record.decision.CopyFrom(feed.Decision(**{**data, **policy}))


def _review(record: feed.Record, data: _Data) -> None:
    reasons = [feed.Reason(**why) for why in data["reasons"]]
    record.review.CopyFrom(feed.Review(outcome=data["outcome"], reasons=reasons))


def _waiting(record: feed.Record, data: _Data) -> None:
    record.waiting.CopyFrom(feed.Waiting(**data))


_WRITERS: Final[dict[str, Callable[[feed.Record, _Data], None]]] = {
    Kind.CASE: _case,
    Kind.EVIDENCE: _evidence,
    Kind.PARTIAL: _partial,
    Kind.CHECK: _check,
    Kind.DECISION: _decision,
    Kind.REVIEW: _review,
    Kind.WAITING: _waiting,
}
