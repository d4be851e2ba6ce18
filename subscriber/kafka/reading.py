"""Reads one Kafka message: an event of ours, or bytes that are none."""

from __future__ import annotations

from confluent_kafka import Message

from protocol.catalogue import stream_named
from protocol.cloudevents import NotOurs, from_headers
from protocol.schemas.journal_v1_pb2 import Record
from subscriber.errors import WrongLog
from subscriber.partitions import Partition, partition_of
from subscriber.source import Stray

__all__ = ["read_message"]


def read_message(message: Message, at: Partition) -> Record | Stray:
    """Read a message of a partition.

    Raises:
        WrongLog: an event of ours lies where its key does not belong: another partitioner wrote it.
    """
    topic = stream_named(at.stream).topic
    found = message.headers() or []
    headers = [(name, _bytes(value)) for name, value in (found.items() if isinstance(found, dict) else found)]
    try:
        record = from_headers(headers, _bytes(message.value()), topic=topic)
    except NotOurs as error:
        return Stray(
            topic=topic,
            number=at.number,
            offset=int(message.offset() or 0),
            key=_bytes(message.key()),
            value=_bytes(message.value()),
            headers=tuple(headers),
            reason=str(error),
        )
    if partition_of(record) != at:
        raise WrongLog(
            f"an event with key {record.partition_key!r} lies in partition {at.number} of {topic}, "
            f"its place is {partition_of(record).number}: it was written with another partitioner"
        )
    return record


def _bytes(value: bytes | str | None) -> bytes:
    """Give a key, a value or a header as bytes: the library's types allow for text, the wire does not."""
    return value.encode() if isinstance(value, str) else value or b""
