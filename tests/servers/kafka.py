"""A real Kafka for tests: one broker, or three; each test takes topics of its own or empties the cluster."""

from __future__ import annotations

import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from deploy.servers.kafka import ClusterOptions, KafkaServer
from subscriber.kafka import KafkaSettings, client_config, kafka_settings

__all__ = ["Cluster", "empty_kafka", "kafka", "kafka_cluster", "running"]

# A broker that was killed or paused by a test says so on standard error, over and over.
QUIET = {"log_level": 0}


class Cluster:
    """A running cluster and what a test wants to do with it."""

    def __init__(self, server: KafkaServer) -> None:
        self.server = server

    @property
    def settings(self) -> KafkaSettings:
        found = kafka_settings(self.server.environment())
        assert found is not None
        return found

    @property
    def config(self) -> dict[str, str | int | float | bool]:
        return client_config(self.settings) | QUIET

    @cached_property
    def admin(self) -> AdminClient:
        return AdminClient(self.config)

    def topic(self, name: str = "", *, partitions: int = 8, config: Mapping[str, str] | None = None) -> str:
        """Make a topic, by default one that nobody else has; gives its name."""
        made = name or f"test.{uuid.uuid4().hex[:12]}.v1"
        copies = min(self.server.options.brokers, 3)
        wanted = NewTopic(made, partitions, copies, config=dict(config or {}))
        self.admin.create_topics([wanted])[made].result(30)
        return made

    def topics(self) -> list[str]:
        """List the topics that are not Kafka's own."""
        return [name for name in self.admin.list_topics(timeout=20).topics if not name.startswith("__")]

    def clear(self) -> None:
        """Remove every topic that is not Kafka's own."""
        found = self.topics()
        for answer in self.admin.delete_topics(found).values() if found else ():
            answer.result(30)
        _wait(lambda: not self.topics(), "topics do not go away")

    def settle(self) -> None:
        """Wait until every copy has caught up: who is killed then is the only one away."""
        _wait(self._caught_up, "the brokers do not catch up")

    def _caught_up(self) -> bool:
        topics = self.admin.list_topics(timeout=20).topics.values()
        partitions = [partition for topic in topics for partition in topic.partitions.values()]
        return all(len(one.isrs) == len(one.replicas) for one in partitions)

    def read(self, topics: Sequence[str], *, committed: bool = True) -> list[Message]:
        """Give everything that lies in topics now, partition by partition in order."""
        found: dict[tuple[str, int], list[Message]] = {}
        reader = self.consumer(committed=committed)
        try:
            described = reader.list_topics(timeout=20).topics
            open_ = {(name, number) for name in topics for number in described[name].partitions}
            reader.assign([TopicPartition(*place, 0) for place in sorted(open_)])
            end = time.monotonic() + 60
            while open_:
                assert time.monotonic() < end, f"no end reached in {open_}"
                for message in reader.consume(1000, 0.2):
                    place = (str(message.topic()), int(message.partition() or 0))
                    error = message.error()
                    if error is None:
                        found.setdefault(place, []).append(message)
                    elif error.code() == KafkaError._PARTITION_EOF:
                        open_.discard(place)
                    else:
                        raise KafkaException(error)
        finally:
            reader.close()
        return [message for place in sorted(found) for message in found[place]]

    def consumer(self, *, committed: bool = True, group: str = "") -> Consumer:
        """Give a consumer that starts where there is something to read; close it."""
        return Consumer(
            self.config
            | {
                "group.id": group or f"test-{uuid.uuid4().hex[:12]}",
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed" if committed else "read_uncommitted",
            }
        )


def _wait(condition: Callable[[], bool], otherwise: str) -> None:
    end_s = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end_s, otherwise
        time.sleep(0.02)


def running(options: ClusterOptions) -> Iterator[Cluster]:
    """Run a cluster for as long as the caller's fixture lives."""
    folder = Path(tempfile.mkdtemp(prefix="vouch-kafka-"))
    server = KafkaServer(folder, options)
    try:
        server.start()
        yield Cluster(server)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def kafka() -> Iterator[Cluster]:
    """One broker, in clear."""
    yield from running(ClusterOptions())


@pytest.fixture
def empty_kafka(kafka: Cluster) -> Cluster:
    """The one broker without any topic but Kafka's own."""
    kafka.clear()
    return kafka


@pytest.fixture(scope="session")
def kafka_cluster() -> Iterator[Cluster]:
    """Three brokers, in clear; a message is safe when two have it."""
    yield from running(ClusterOptions(brokers=3))
