"""A service on Kafka: how soon it hears of a commit, and how fast it takes in what lies there."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.backbone.hopping import Stopwatch
from benchmarks.backbone.house import STREAM, beside, cluster, fill, main, number, sequenced
from benchmarks.backbone.reading import Silent, counting
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Handler, Runner, SqliteStore, Subscriber
from subscriber.kafka import KafkaSettings, kafka_source

__all__ = ["follow"]


def follow(asked: Mapping[str, object]) -> Mapping[str, object]:
    """Measure the way of `hops` commits through the relay, ms, then the rate over `n` messages."""
    from events.relay import Relay  # noqa: PLC0415 - it names tables: imported when Django has them

    kafka = cluster()
    with sequenced(), beside(Relay(kafka, leader="benchmark").run):
        hops = _hops(kafka, number(asked, "hops"))
        fill(number(asked, "n"))
        rate = _rate(kafka, number(asked, "n"))
    return {"ms": hops, "rate": rate}


@contextmanager
def _service(kafka: KafkaSettings, name: str) -> Iterator[SqliteStore]:
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / f"{name}.sqlite3")
        try:
            yield store
        finally:
            store.close()


def _runner(kafka: KafkaSettings, subscriber: Subscriber, store: SqliteStore) -> Runner:
    from events.source import SqlJournalSource  # noqa: PLC0415 - as above

    journal = SqlJournalSource((STREAM,))
    return Runner([subscriber], kafka_source(kafka, subscriber.name, (STREAM,), journal), store, Silent())


def _hops(kafka: KafkaSettings, count: int) -> list[float]:
    watch, stop = Stopwatch(), threading.Event()
    subscriber = Subscriber("bench-hops", (STREAM,), (Handler((v.CheckCompleted,), watch.begin),))
    with _service(kafka, "hops") as store:
        runner = _runner(kafka, subscriber, store)
        thread = threading.Thread(target=runner.run, args=(stop,))
        thread.start()
        # The first group of a new cluster takes seconds to be dealt its partitions.
        time.sleep(8)
        watch.write(count)
        stop.set()
        thread.join()
    return watch.hops_ms()


def _rate(kafka: KafkaSettings, n: int) -> float:
    with _service(kafka, "rate") as store:
        runner = _runner(kafka, counting(store, "bench-rate"), store)
        began_s = 0.0
        while runner.counts("bench-rate").handled < n:
            runner.step()
            if not began_s and runner.counts("bench-rate").handled:
                began_s = time.perf_counter()
        return n / (time.perf_counter() - began_s)


if __name__ == "__main__":
    main(follow)
