"""The topics, as the catalogue has them: made when they are missing, refused when they are otherwise.

Nothing is changed that is there, the number of partitions least of all: another one moves keys to other
partitions, and a key's order is lost between the two.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._metadata import ClusterMetadata, PartitionMetadata
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.cimpl import NewTopic

from events.errors import WrongTopic
from protocol.catalogue import STREAMS, Stream

__all__ = ["SIGN_OF_LIFE", "Topic", "check", "copies_in", "missing", "prepare", "wanted"]

_DAY_MS: Final = 24 * 3600 * 1000
_CALL_S: Final = 20.0
# While the broker to ask is away, the library burns a core until this is over.
_DESCRIBE_S: Final = 5.0
_LOOK_EVERY_S: Final = 0.05
# Kafka's limit is for a batch of messages: the producer's largest has half of it, an event 64 KiB.
_MAX_BYTES: Final = 1 << 20
_COPIES: Final = 3
_IN_SYNC: Final = 2

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Topic:
    """What a topic has to be; `copies` and `at_least` may be larger in the cluster, the rest may not."""

    name: str
    partitions: int
    copies: int
    exactly: Mapping[str, int]
    at_least: Mapping[str, int]


SIGN_OF_LIFE: Final = Topic("relay.life.v1", 1, 1, {"retention.ms": 3600 * 1000}, {})


def copies_in(cluster: ClusterMetadata, admin: AdminClient) -> int:
    """Tell how many copies a cluster is to keep of a partition: three, or as many as it has brokers.

    A broker that is away now counts as long as the cluster's own default says that there are so many: topics
    made meanwhile would have a copy less for good.

    Raises:
        KafkaException, TimeoutError: the cluster does not answer.
    """
    if not cluster.brokers:
        raise TimeoutError("Kafka names none of its brokers")
    # The one that answered is there; the library does not always know which of them it was.
    answered = cluster.orig_broker_id
    broker = answered if answered in cluster.brokers else min(cluster.brokers)
    asked = ConfigResource(ResourceType.BROKER, str(broker))
    try:
        found = admin.describe_configs([asked], request_timeout=_DESCRIBE_S)[asked].result(_CALL_S)
        intended = int(found["default.replication.factor"].value or 1)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.CLUSTER_AUTHORIZATION_FAILED:
            raise
        intended = 1
    return min(max(intended, len(cluster.brokers)), _COPIES)


def wanted(copies: int) -> list[Topic]:
    """List the topics with so many copies: the catalogue's, and the relay's sign of life."""
    return [*(_topic(stream, copies) for stream in STREAMS), _with_copies(SIGN_OF_LIFE, copies)]


def prepare(admin: AdminClient, topics: list[Topic]) -> None:
    """Make the topics that are missing, and check all of them.

    Raises:
        WrongTopic: one is otherwise than it has to be; the message names it, what it is, and what to do.
        KafkaException, TimeoutError: the cluster does not answer.
    """
    _make(admin, missing(admin, topics))
    check(admin, topics)


def missing(admin: AdminClient, topics: list[Topic]) -> list[Topic]:
    """List those that the cluster does not have.

    Raises:
        KafkaException: the cluster does not answer.
    """
    there = admin.list_topics(timeout=_CALL_S).topics
    return [topic for topic in topics if topic.name not in there]


def check(admin: AdminClient, topics: list[Topic]) -> None:
    """Make sure that topics are as they have to be; raises as `prepare` does, and makes nothing."""
    described = _described(admin, topics)
    resources = {topic.name: ConfigResource(ResourceType.TOPIC, topic.name) for topic in topics}
    answers = admin.describe_configs(list(resources.values()), request_timeout=_DESCRIBE_S)
    for topic in topics:
        found = {name: entry.value for name, entry in answers[resources[topic.name]].result(_CALL_S).items()}
        _check_partitions(topic, len(described[topic.name]))
        _check_copies(topic, min(len(one.replicas) for one in described[topic.name].values()))
        _check_settings(topic, found)


def _topic(stream: Stream, copies: int) -> Topic:
    safe = {"min.insync.replicas": _IN_SYNC} if copies >= _COPIES else {}
    return Topic(
        stream.topic,
        stream.partitions,
        copies,
        {"retention.ms": stream.retention_days * _DAY_MS},
        {"max.message.bytes": _MAX_BYTES, **safe},
    )


def _with_copies(topic: Topic, copies: int) -> Topic:
    return Topic(topic.name, topic.partitions, copies, topic.exactly, topic.at_least)


def _make(admin: AdminClient, topics: list[Topic]) -> None:
    if not topics:
        return
    new = [
        NewTopic(
            topic.name,
            topic.partitions,
            topic.copies,
            config={name: str(value) for name, value in {**topic.exactly, **topic.at_least}.items()},
        )
        for topic in topics
    ]
    for name, made in admin.create_topics(new, operation_timeout=_CALL_S).items():
        try:
            made.result(_CALL_S)
            log.info("made the topic %s", name)
        except KafkaException as error:
            # Another relay, starting beside this one, was faster.
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise


def _described(admin: AdminClient, topics: list[Topic]) -> dict[str, dict[int, PartitionMetadata]]:
    """Look at the partitions of each topic; one that was just made takes a moment to be known everywhere.

    Raises:
        TimeoutError: it took longer than that.
    """
    end_s = time.monotonic() + _CALL_S
    while time.monotonic() < end_s:
        found = admin.list_topics(timeout=_CALL_S).topics
        described = {topic.name: found[topic.name].partitions for topic in topics if topic.name in found}
        if len(described) == len(topics) and all(described.values()):
            return described
        time.sleep(_LOOK_EVERY_S)
    raise TimeoutError("Kafka does not show the topics that it has made")


def _check_partitions(topic: Topic, found: int) -> None:
    if found != topic.partitions:
        raise WrongTopic(
            f"topic {topic.name} has {found} partitions, and the catalogue says {topic.partitions}: keys "
            "would change their partition and lose their order. Remove the topic and run `manage.py relay "
            "--new-cluster`, or give the stream a new major version with the number that you want"
        )


def _check_copies(topic: Topic, found: int) -> None:
    if found < topic.copies:
        raise WrongTopic(
            f"topic {topic.name} has {found} copies of a partition, and the cluster can keep {topic.copies}: "
            "with fewer an event may be lost with a broker. Add some with kafka-reassign-partitions.sh"
        )


def _check_settings(topic: Topic, found: Mapping[str, str | None]) -> None:
    for name, value in topic.exactly.items():
        if found.get(name) != str(value):
            raise WrongTopic(_setting(topic, name, found.get(name), f"{value}"))
    for name, value in topic.at_least.items():
        if int(found.get(name) or 0) < value:
            raise WrongTopic(_setting(topic, name, found.get(name), f"at least {value}"))


def _setting(topic: Topic, name: str, found: str | None, wanted_: str) -> str:
    return (
        f"topic {topic.name} has {name}={found}, and the catalogue says {wanted_}: set it with "
        f"kafka-configs.sh --alter --entity-type topics --entity-name {topic.name}, or change the catalogue"
    )
