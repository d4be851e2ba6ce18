"""Which cluster answers, and whether it is the one that the checkpoint counts in."""

from __future__ import annotations

import time
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from events.errors import NotLetIn, ReplacedCluster
from events.relay.leading import Checkpoint
from events.relay.topics import copies_in, prepare, wanted
from protocol.catalogue import STREAMS, Lane
from subscriber.kafka import KafkaSettings, client_config

__all__ = ["enter", "found_beyond"]

_CALL_S: Final = 10.0
_REFUSED: Final = frozenset({KafkaError._AUTHENTICATION, KafkaError._SSL})  # noqa: SLF001 - librdkafka's own codes
# The last records of a partition, markers of transactions among them.
_TAIL: Final = 20


def enter(settings: KafkaSettings, checkpoint: Checkpoint) -> str:
    """Go into the cluster, make or check its topics, and give its id.

    Raises:
        NotLetIn: it refuses us; mend the settings.
        ReplacedCluster: it is another cluster than the checkpoint's.
        WrongTopic: a topic is otherwise than the catalogue says.
        KafkaException, TimeoutError: it does not answer; come again.
    """
    refused: list[KafkaError] = []

    def heard(error: KafkaError) -> None:
        if error.code() in _REFUSED:
            refused.append(error)

    config: dict[str, Any] = {**client_config(settings), "error_cb": heard, "log_level": 0}
    admin = AdminClient(config)
    try:
        cluster = admin.list_topics(timeout=_CALL_S)
    except KafkaException as error:
        admin.poll(0)
        if refused:
            raise NotLetIn(f"Kafka at {settings.bootstrap} refuses us: {refused[0].str()}") from error
        raise
    if checkpoint.cluster and checkpoint.cluster != cluster.cluster_id:
        raise ReplacedCluster(
            f"Kafka at {settings.bootstrap} is cluster {cluster.cluster_id}, and the relay had carried up to "
            f"{checkpoint.epoch}-{checkpoint.position} into cluster {checkpoint.cluster}. Go back to that, "
            "or fill this: `manage.py relay --new-cluster`, with `--after POSITION` not from the first event"
        )
    prepare(admin, wanted(copies_in(cluster, admin)))
    return str(cluster.cluster_id)


def found_beyond(settings: KafkaSettings, position: int) -> dict[str, int]:
    """Look for events that a cluster has although the checkpoint says that it cannot: topic to last position.

    They are another relay's, or were there before the database was restored: what is carried now lies behind
    them, and a reader that goes by positions sees numbers fall.

    Raises:
        KafkaException, TimeoutError: the cluster does not answer; come again.
    """
    consumer = Consumer(
        client_config(settings)
        | {
            "group.id": "vouch-relay",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "log_level": 0,
        }
    )
    try:
        places = [
            TopicPartition(stream.topic, number)
            for stream in STREAMS
            if stream.lane is not Lane.BEST_EFFORT
            for number in range(stream.partitions)
        ]
        return {topic: last for topic, last in _last_positions(consumer, places).items() if last > position}
    finally:
        consumer.close()


def _last_positions(consumer: Consumer, places: list[TopicPartition]) -> dict[str, int]:
    ends = [consumer.get_watermark_offsets(place, timeout=_CALL_S) for place in places]
    starts = [
        TopicPartition(place.topic, place.partition, max(low, high - _TAIL))
        for place, (low, high) in zip(places, ends, strict=True)
        if high > low
    ]
    consumer.assign(starts)
    found: dict[str, int] = {}
    left, end_s = len(starts), time.monotonic() + 3 * _CALL_S
    while left:
        if time.monotonic() > end_s:
            raise TimeoutError("Kafka does not give the last events of its topics")
        for message in consumer.consume(500, _CALL_S):
            if message.error() is not None:
                left -= 1
                continue
            headers = dict(message.headers() or [])
            at, topic = int(headers.get("ce_position") or 0), str(message.topic())
            found[topic] = max(found.get(topic, 0), at)
    return found
