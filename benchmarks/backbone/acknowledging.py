"""What Kafka's promises cost: rates for acks 0, 1 and all, and for waiting after each message."""

from __future__ import annotations

import time
from collections.abc import Mapping

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

__all__ = ["WAYS", "rates"]

_TOPIC = "benchmark.acks"
_VALUE = bytes(500)
WAYS: Mapping[str, Mapping[str, str | bool]] = {
    "acks=0": {"acks": "0"},
    "acks=1": {"acks": "1"},
    "acks=all": {"acks": "all", "enable.idempotence": True},
}


def rates(bootstrap: str, n: int) -> dict[str, float]:
    """Give messages a second of 500 bytes for each way; the one by one ways send a hundredth of `n`."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(_TOPIC, 8, 1)])[_TOPIC].result(30)
    found = {}
    for name, config in WAYS.items():
        found[name] = _rate({"bootstrap.servers": bootstrap, **config}, n, one_by_one=False)
        found[f"{name}, flush each"] = _rate(
            {"bootstrap.servers": bootstrap, "linger.ms": 0, **config}, max(100, n // 100), one_by_one=True
        )
    return found


def _rate(config: Mapping[str, str | bool | int], n: int, *, one_by_one: bool) -> float:
    producer = Producer(dict(config) | {"queue.buffering.max.messages": 1_000_000})
    # The first message waits for addresses and, where there is one, for the producer's id.
    producer.produce(_TOPIC, _VALUE)
    producer.flush(30)
    began_s = time.perf_counter()
    for number in range(n):
        producer.produce(_TOPIC, _VALUE, str(number % 64))
        if one_by_one:
            producer.flush(30)
    producer.flush(60)
    return n / (time.perf_counter() - began_s)
