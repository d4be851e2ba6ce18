"""Statistics on Kafka, best effort: sent without waiting, lost and counted when the broker is away."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from events.models import Statistic
from protocol.catalogue import stream_of
from protocol.cloudevents import CONTENT_TYPE
from protocol.ids import from_us, new_uuid7
from subscriber.kafka import KafkaSettings, client_config

__all__ = ["StatisticsTopic"]

# What waits for a broker is bounded in number, bytes and time; beyond, it is lost.
_MOST: Final = 10_000
_MOST_KB: Final = 8 * 1024
_WAIT_MS: Final = 5_000
_LAST_S: Final = 2.0


class StatisticsTopic:
    """A producer beside the relay's: one copy is enough for it, and nothing it sends has a position."""

    def __init__(self, settings: KafkaSettings) -> None:
        config: dict[str, Any] = client_config(settings) | {
            "acks": 1,
            "queue.buffering.max.messages": _MOST,
            "queue.buffering.max.kbytes": _MOST_KB,
            "message.timeout.ms": _WAIT_MS,
            "partitioner": "murmur2_random",
            "compression.type": "lz4",
            "linger.ms": 50,
            "log_level": 0,
        }
        self._producer = Producer(config)
        self._lock = threading.Lock()
        self.lost = 0

    def send(self, rows: Sequence[Statistic]) -> None:
        """Hand messages over without waiting for the broker; what finds no room is lost, and counted."""
        self._producer.poll(0)
        for row in rows:
            moment = from_us(row.noted_at_us)
            try:
                self._producer.produce(
                    stream_of(row.type).topic,
                    bytes(row.payload),
                    row.subject or None,
                    on_delivery=self._delivered,
                    timestamp=row.noted_at_us // 1000,
                    headers=_headers(row, moment),
                )
            except (BufferError, KafkaException):
                # No room, or Kafka does not take it: it is too large, or its topic is not there yet.
                self._lose()
        self._producer.poll(0)

    def close(self) -> None:
        """Give what still waits two seconds; the rest is lost, and counted."""
        self._producer.flush(_LAST_S)
        self._producer.purge()
        self._producer.poll(0)

    def _delivered(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            self._lose()

    def _lose(self) -> None:
        with self._lock:
            self.lost += 1


def _headers(row: Statistic, moment: datetime) -> list[tuple[str, str | bytes | None]]:
    """Write the CloudEvents attributes that a message without a place in the journal has."""
    stream = stream_of(row.type)
    written = {
        "content-type": CONTENT_TYPE,
        "ce_id": str(new_uuid7(moment)),
        "ce_specversion": "1.0",
        "ce_type": row.type,
        "ce_source": stream.owner,
        "ce_subject": row.subject,
        "ce_client": row.client,
        "ce_lane": stream.lane.value,
        "ce_time": f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}",
    }
    return [(name, value) for name, value in written.items() if value]
