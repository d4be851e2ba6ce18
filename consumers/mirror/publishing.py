"""Publishes records to the topic: each case in one partition, in order, never twice by one producer."""

from __future__ import annotations

from typing import Final

from confluent_kafka import KafkaError, KafkaException, Producer

from consumers.mirror.flight import Flight
from subscriber.kafka import KafkaSettings, client_config
from vouch_feed import Position, Record

__all__ = ["NotPublished", "Publisher"]

_ASK_WITHIN_S: Final = 5.0
_CONTENT_TYPE: Final = ("content-type", b"application/json")


class NotPublished(RuntimeError):
    """The topic is not there, or the brokers refuse a record for good: put that right, then start again."""


class Publisher:
    """An idempotent producer to one topic; the flight learns what was confirmed, in `poll` and `flush`."""

    def __init__(self, settings: KafkaSettings, topic: str, flight: Flight) -> None:
        self._topic = topic
        self._flight = flight
        self._refused = ""
        self._producer = Producer(
            client_config(settings)
            | {
                "enable.idempotence": True,
                "acks": "all",
                "partitioner": "murmur2_random",
                "linger.ms": 5,
                "compression.type": "zstd",
                # Brokers that are away are waited for: a record that is given up would be a hole.
                "message.timeout.ms": 0,
                # Enough to keep them busy, little enough to hold in memory while they are away.
                "queue.buffering.max.messages": 10_000,
                "allow.auto.create.topics": False,
                "log_level": 0,
            }
        )

    def is_ready(self) -> bool:
        """Tell whether the brokers answer.

        Raises:
            NotPublished: they do, and have no such topic.
        """
        try:
            found = self._producer.list_topics(self._topic, timeout=_ASK_WITHIN_S).topics[self._topic]
        except KafkaException:
            return False
        if found.error is not None and found.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise NotPublished(f"the cluster has no topic {self._topic}: make it first")
        return found.error is None

    def publish(self, record: Record) -> bool:
        """Hand a record to the producer; False: it holds as many as it may, so poll and come again.

        Raises:
            NotPublished: the brokers refused this or an earlier one.
        """
        self.check()
        position = record.checkpoint
        try:
            self._producer.produce(
                self._topic,
                key=record.case.encode(),
                value=record.line,
                headers=_headers(position),
                on_delivery=lambda error, _message: self._told(error, position),
            )
        except BufferError:
            return False
        except KafkaException as error:
            raise NotPublished(f"{position} cannot be published: {error}") from error
        self._flight.leave(position)
        return True

    def poll(self, within_s: float) -> None:
        """Hear what became of records, for at most so long."""
        self._producer.poll(within_s)

    def flush(self, within_s: float) -> int:
        """Wait for everything that is on its way; gives how many records still are."""
        return self._producer.flush(within_s)

    def check(self) -> None:
        """Look whether the brokers refused a record.

        Raises:
            NotPublished: they did.
        """
        if self._refused:
            raise NotPublished(self._refused)

    def _told(self, error: KafkaError | None, position: Position) -> None:
        if error is None:
            self._flight.confirm(position)
        else:
            self._refused = self._refused or f"{position} was refused: {error.str()}"


def _headers(position: Position) -> list[tuple[str, str | bytes | None]]:
    return [
        ("epoch", position.epoch.encode()),
        ("number", str(position.number).encode()),
        ("cursor", position.cursor.encode()),
        _CONTENT_TYPE,
    ]
