"""One batch, one Kafka transaction: everything of it becomes visible, or nothing.

After any error nobody knows whether the transaction was committed, so the producer is thrown away: its
successor, under the same transactional id, has Kafka end what was open, and carries on from the checkpoint.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from confluent_kafka import KafkaException, Producer

from events.relay.messages import Headers, Message
from events.relay.topics import SIGN_OF_LIFE
from subscriber.kafka import KafkaSettings, client_config

__all__ = ["TRANSACTIONAL_ID", "Sender", "Unknown", "producer_config", "sender"]

# One for all relays of all time: whoever takes it fences whoever had it.
TRANSACTIONAL_ID: Final = "vouch-relay"
# A relay killed inside a transaction holds back readers of whole transactions for at most so long. The time
# that a message may take (`message.timeout.ms`) must not be longer, which costs nothing here: a message that
# took too long takes its whole batch back, and the batch is sent again from the checkpoint.
_TRANSACTION_MS: Final = 10_000
_CALL_S: Final = _TRANSACTION_MS / 1000
_QUEUE_KB: Final = 96 * 1024


class Unknown(Exception):
    """Kafka did not say that a transaction was committed; it may have been. `code` is librdkafka's name."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code


def producer_config(settings: KafkaSettings) -> dict[str, str | int | float | bool]:
    """Give the configuration of the relay's producer."""
    return client_config(settings) | {
        "transactional.id": TRANSACTIONAL_ID,
        "transaction.timeout.ms": _TRANSACTION_MS,
        "enable.idempotence": True,
        "acks": "all",
        # The Java client's: librdkafka's own default puts the same key elsewhere.
        "partitioner": "murmur2_random",
        "compression.type": "lz4",
        "linger.ms": 2,
        "batch.size": 512 * 1024,
        "queue.buffering.max.kbytes": _QUEUE_KB,
        # Errors come back from the calls; on standard error they would come a second time.
        "log_level": 0,
    }


class Sender:
    """A producer that has its transactional id; used by one thread."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer

    def send(self, batch: Sequence[Message]) -> None:
        """Have a batch committed.

        Raises:
            Unknown: it may or may not have been; throw this sender away.
        """
        with _unknown():
            self._producer.begin_transaction()
            produce = self._producer.produce
            for topic, key, value, time_ms, headers in batch:
                try:
                    produce(topic, value, key, timestamp=time_ms, headers=headers)
                except BufferError:
                    self._make_room(topic, value, key, time_ms, headers)
            self._producer.commit_transaction(_CALL_S)

    def show_life(self) -> None:
        """Have a transaction of nothing but a sign of life committed. Raises as `send` does."""
        with _unknown():
            self._producer.begin_transaction()
            self._producer.produce(SIGN_OF_LIFE.name, b"")
            self._producer.commit_transaction(_CALL_S)

    def _make_room(self, topic: str, value: bytes, key: str, time_ms: int, headers: Headers) -> None:
        """Wait until the producer's queue has room."""
        end_s = time.monotonic() + _CALL_S
        while time.monotonic() < end_s:
            self._producer.poll(0.05)
            try:
                return self._producer.produce(topic, value, key, timestamp=time_ms, headers=headers)
            except BufferError:
                continue
        raise Unknown("_QUEUE_FULL", "Kafka takes nothing from the producer's queue")


@contextmanager
def sender(settings: KafkaSettings) -> Iterator[Sender]:
    """Make a producer and take the transactional id; at the end, throw it away with what it still holds.

    Raises:
        Unknown: no answer in time.
    """
    producer = Producer(producer_config(settings))
    try:
        with _unknown():
            producer.init_transactions(_CALL_S)
        yield Sender(producer)
    finally:
        producer.purge(in_queue=True, in_flight=True, blocking=False)


@contextmanager
def _unknown() -> Iterator[None]:
    try:
        yield
    except KafkaException as error:
        reason = error.args[0]
        raise Unknown(reason.name(), reason.str()) from error
    except SystemError as error:
        # What the library raises out of a call after a fatal error in a callback (facts/events.md §2b).
        raise Unknown("_FATAL", str(error)) from error
