"""Questions about partitions in the library's words: an answer for each of them, or `SourceAway`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import TypeVar

from confluent_kafka import OFFSET_INVALID, KafkaException, TopicPartition

from protocol.catalogue import STREAMS, stream_named
from subscriber.errors import SourceAway
from subscriber.partitions import Partition

__all__ = ["asked", "partition_at", "told_of_each", "written"]

T = TypeVar("T")


def written(offsets: Mapping[Partition, int] | Set[Partition]) -> list[TopicPartition]:
    """Write partitions as the library wants them, each with its offset or moment where there is one."""
    at = offsets if isinstance(offsets, Mapping) else {}
    topics = {partition: stream_named(partition.stream).topic for partition in offsets}
    return [TopicPartition(topics[p], p.number, at.get(p, OFFSET_INVALID)) for p in sorted(topics)]


def partition_at(one: TopicPartition) -> Partition:
    """Read one of ours back from how the library writes it."""
    # Asked each time: another product's service brings its own rows after this module is loaded.
    (stream,) = (stream.name for stream in STREAMS if stream.topic == str(one.topic))
    return Partition(stream, int(one.partition))


def asked(question: Callable[[], T]) -> T:
    """Ask Kafka something.

    Raises:
        SourceAway: no answer; the library's exception is its cause.
    """
    try:
        return question()
    except KafkaException as error:
        raise SourceAway(f"Kafka does not answer: {error}") from error


def told_of_each(question: Callable[[], list[TopicPartition]]) -> dict[Partition, int]:
    """Ask for an offset of each of some partitions; where one has no leader, the library may invent one.

    Raises:
        SourceAway: no answer, or none for one of them; the library's exception is its cause.
    """
    answers = asked(question)
    for one in answers:
        if one.error is not None:
            away = f"Kafka does not answer for {one.topic}[{one.partition}]: {one.error}"
            raise SourceAway(away) from KafkaException(one.error)
    return {partition_at(one): one.offset for one in answers}
