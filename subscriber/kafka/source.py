"""A service's source where there is a Kafka, with the journal for history and while Kafka is away."""

from __future__ import annotations

from collections.abc import Sequence

from subscriber.handover import HandOverSource
from subscriber.kafka.client import KafkaSettings
from subscriber.kafka.log import KafkaLog
from subscriber.source import Source

__all__ = ["kafka_source"]


def kafka_source(
    settings: KafkaSettings, name: str, streams: Sequence[str], journal: Source, *, instance: str = ""
) -> HandOverSource:
    """Follow streams as a member of the group `name`, the subscriber's.

    Args:
        settings: where the cluster is.
        name: the subscriber's name, under which its checkpoint lies too.
        streams: the catalogue's; all with the same number of partitions.
        journal: a source of the same streams, from the door or from the journal's own database.
        instance: a name that only this process of the group has, over restarts: one that was killed has its
            partitions back at once, without waiting until the group has noticed. Empty: it is one of many.
    """
    options = {"group.instance.id": instance} if instance else {}
    return HandOverSource(KafkaLog(settings, name, streams, options), journal)
