"""The journal's rows as Kafka's messages, written straight from the columns.

A record that is decoded and then asked field by field costs more than sending it, so the relay does not go by
way of one: it writes the headers of `protocol/cloudevents.py` itself, and a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from events.errors import UnknownStream
from protocol.catalogue import STREAMS, Lane, UnknownType, stream_named, stream_of
from protocol.cloudevents import CONTENT_TYPE
from protocol.ids import from_us
from protocol.records import Row

__all__ = ["Headers", "Message", "messages"]

# No name comes twice, and a dictionary is cheaper to make and to send than a list of pairs. Values are text
# all; the library's own type is wider, and dictionaries do not narrow.
Headers = dict[str, str | bytes | None]

_COORDINATED: Final = frozenset(stream.name for stream in STREAMS if stream.lane is Lane.COORDINATED)


class Message(NamedTuple):
    """What a producer is given; the timestamp is the event's sequenced time."""

    topic: str
    key: str
    value: bytes
    time_ms: int
    headers: Headers


def messages(rows: Sequence[Row]) -> list[Message]:
    """Write whole units of the journal as messages.

    Every event of a unit that has a coordinated event says that it is coordinated too: they appear together
    or not at all.

    Raises:
        UnknownStream: this build's catalogue lacks a stream: run the relay of the build that wrote it.
    """
    together = {row.unit for row in rows if row.stream in _COORDINATED}
    return [
        Message(
            _topic(row.stream),
            row.partition_key,
            row.payload,
            row.sequenced_at_us // 1000,
            _headers(row, coordinated=row.unit in together),
        )
        for row in rows
    ]


def _headers(row: Row, *, coordinated: bool) -> Headers:
    # Unpacked: asking a row for one attribute after another costs a tenth of all this.
    position, sequenced_us, epoch, unit, unit_last, id_, type_, source, subject, client = row[:10]
    applicant, occurred_us, recorded_us, _, key, keyseq, correlation, causation, minor, traceparent = row[
        10:20
    ]
    at, hexed, when = str(position), id_.hex(), _rfc3339(sequenced_us)
    headers: Headers = {
        **_shared(type_, source, client, epoch, coordinated),
        "ce_id": f"{hexed[:8]}-{hexed[8:12]}-{hexed[12:16]}-{hexed[16:20]}-{hexed[20:]}",
        "ce_subject": subject,
        "ce_partitionkey": key,
        "ce_position": at,
        "ce_unit": at if unit == position else str(unit),
        "ce_unitlast": at if unit_last == position else str(unit_last),
        "ce_keyseq": str(keyseq),
        "ce_minor": str(minor),
        "ce_time": when if occurred_us == sequenced_us else _rfc3339(occurred_us),
        "ce_recordedtime": when if recorded_us == sequenced_us else _rfc3339(recorded_us),
        "ce_sequencedtime": when,
    }
    if applicant:
        headers["ce_applicant"] = applicant
    if correlation:
        headers["ce_correlation"] = correlation
    if causation:
        headers["ce_causation"] = causation
    if traceparent:
        headers["ce_traceparent"] = traceparent
    return headers


@lru_cache(4096)
def _shared(type_: str, source: str, client: str, epoch: str, coordinated: bool) -> Headers:
    """Write the headers that many events have in common, once; empty ones are left out."""
    shared: Headers = {
        "content-type": CONTENT_TYPE,
        "ce_specversion": "1.0",
        "ce_lane": Lane.COORDINATED.value if coordinated else _lane(type_),
        "ce_type": type_,
        "ce_source": source,
        "ce_client": client,
        "ce_epoch": epoch,
    }
    return {name: value for name, value in shared.items() if value}


def _lane(type_: str) -> str:
    """Give a type's lane; a type that a newer build wrote travels without one."""
    try:
        return stream_of(type_).lane.value
    except UnknownType:
        return ""


@lru_cache(256)
def _topic(stream: str) -> str:
    try:
        return stream_named(stream).topic
    except UnknownType as error:
        raise UnknownStream(
            f"the journal has events on {stream!r}, of which this build knows neither topic nor partitions: "
            "run the relay of the build that wrote them; nothing is passed over"
        ) from error


@lru_cache(4096)
def _second(second: int) -> str:
    return f"{from_us(second * 1_000_000):%Y-%m-%dT%H:%M:%S}"


def _rfc3339(us: int) -> str:
    return f"{_second(us // 1_000_000)}.{us % 1_000_000:06d}Z"
