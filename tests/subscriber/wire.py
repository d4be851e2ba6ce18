"""The journal's topics on a real Kafka, and a producer that carries a journal there as the relay does."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Protocol

from confluent_kafka import Producer
from confluent_kafka.cimpl import NewTopic

from protocol.catalogue import stream_named
from protocol.cloudevents import Headers, to_headers
from protocol.schemas.journal_v1_pb2 import Record
from tests.servers.kafka import Cluster

__all__ = ["Carrier", "make_topics"]


def make_topics(cluster: Cluster, streams: Iterable[str], **config: str) -> None:
    """Make the topics of some streams as the catalogue says, and wait until every broker knows them."""
    wanted = {stream_named(name).topic: stream_named(name).partitions for name in streams}
    new = [NewTopic(topic, count, 1, config=config) for topic, count in wanted.items()]
    for answer in cluster.admin.create_topics(new).values():
        answer.result(30)
    until_s = time.monotonic() + 20
    while not wanted.keys() <= set(cluster.topics()):
        assert time.monotonic() < until_s, "topics do not come"
        time.sleep(0.02)


class Written(Protocol):
    """A journal in memory: its events in order, each with its position."""

    records: list[Record]


class Carrier:
    """Carries a journal to Kafka in transactions of `batch` events."""

    def __init__(
        self, cluster: Cluster, journal: Written, streams: Sequence[str], *, batch: int = 100
    ) -> None:
        self.carried = 0
        self._journal = journal
        self._streams = streams
        self._batch = batch
        self._producer = Producer(
            cluster.config
            | {"transactional.id": "test-carrier", "partitioner": "murmur2_random", "linger.ms": 1}
        )
        self._producer.init_transactions(30)

    def carry(self, *, again: int = 0) -> None:
        """Carry what is new; the last `again` events carried before come once more."""
        start = self.carried - again
        waiting = [record for record in self._journal.records if record.position > start]
        for first in range(0, len(waiting), self._batch):
            self._producer.begin_transaction()
            for record in waiting[first : first + self._batch]:
                self._produce(record)
            self._producer.commit_transaction(30)
            self.carried = waiting[min(first + self._batch, len(waiting)) - 1].position

    def throw(self, topic: str, value: bytes, *, headers: Headers | None = None, key: bytes = b"") -> None:
        """Put any bytes on a topic."""
        self._producer.begin_transaction()
        self._producer.produce(topic, key=key, value=value, headers=list(headers or []))
        self._producer.commit_transaction(30)

    def _produce(self, record: Record) -> None:
        if record.stream not in self._streams:
            return
        self._producer.produce(
            stream_named(record.stream).topic,
            key=record.partition_key.encode(),
            value=record.payload,
            headers=list(to_headers(record)),
            timestamp=record.sequenced_at_us // 1000,
        )
