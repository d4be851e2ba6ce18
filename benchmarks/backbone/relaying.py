"""The relay against a bare producer with the same messages, transactions and batches, in turns."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Mapping

from confluent_kafka import Producer

from benchmarks.backbone.house import cluster, fill, main, number, sequenced
from subscriber.kafka import KafkaSettings

__all__ = ["relay"]


def relay(asked: Mapping[str, object]) -> Mapping[str, object]:
    """Carry `n` events `rounds` times each way; gives rates in events a second and the ratios."""
    kafka = cluster()
    n, rounds = number(asked, "n"), number(asked, "rounds")
    with sequenced():
        fill(n)
    ours: list[float] = []
    raw: list[float] = []
    for _ in range(rounds + 1):
        ours.append(n / _relayed(kafka, n))
        raw.append(n / _bare(kafka))
    ratios = [mine / bare for mine, bare in zip(ours[1:], raw[1:], strict=True)]
    return {
        "rate": statistics.median(ours[1:]),
        "raw": statistics.median(raw[1:]),
        "ratio": statistics.median(ratios),
        "low": min(ratios),
        "high": max(ratios),
        "n": rounds,
    }


def _relayed(kafka: KafkaSettings, n: int) -> float:
    """Have the relay itself carry everything; seconds from its first batch to its last."""
    from events.relay import Relay, start_over  # noqa: PLC0415 - as above

    start_over(0, epoch="")
    carrier, stop = Relay(kafka, leader="benchmark"), threading.Event()
    thread = threading.Thread(target=carrier.run, args=(stop,))
    thread.start()
    while not carrier.progress.leading:
        time.sleep(0.0005)
    began_s = time.perf_counter()
    while carrier.progress.position < n:
        time.sleep(0.0005)
    took_s = time.perf_counter() - began_s
    stop.set()
    thread.join()
    return took_s


def _bare(kafka: KafkaSettings) -> float:
    """Produce the same messages, made before: seconds."""
    from events.relay.reading import read  # noqa: PLC0415 - as above
    from events.relay.sending import producer_config  # noqa: PLC0415 - as above

    batches, at = [], 0
    while (batch := read(at)) is not None:
        batches.append(batch.messages)
        at = batch.position
    producer = Producer(producer_config(kafka))
    producer.init_transactions(30)
    began_s = time.perf_counter()
    for messages in batches:
        producer.begin_transaction()
        for topic, key, value, time_ms, headers in messages:
            producer.produce(topic, value, key, timestamp=time_ms, headers=headers)
        producer.commit_transaction(30)
    return time.perf_counter() - began_s


if __name__ == "__main__":
    main(relay)
