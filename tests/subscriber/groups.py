"""Processes of one subscriber on a real Kafka, all in the test's own, and a journal in memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from subscriber import Runner, SqliteStore, Subscriber
from subscriber.handover import HandOverSource
from subscriber.kafka import KafkaLog
from subscriber.pool import WorkPool
from tests.servers.kafka import Cluster
from tests.subscriber.makers import Bench, Said

__all__ = [
    "QUICK",
    "STREAMS",
    "Process",
    "all_seen",
    "by_key",
    "expected",
    "of_today",
    "running",
    "until",
    "until_true",
    "write",
]

STREAMS = ("verification.case", "verification.partial")
# As the product has it, but quicker to notice that a member came or went.
QUICK: Mapping[str, str | int | float | bool] = {"heartbeat.interval.ms": 200}


def of_today(bench: Bench) -> Bench:
    """Write events of the last hour: Kafka removes what is older than a topic keeps."""
    bench.journal.start = datetime.now(UTC) - timedelta(hours=1)
    bench.now = datetime.now(UTC) + timedelta(days=1)
    return bench


class Process:
    """One process of the subscriber `s`: a membership, a store and a runner of its own."""

    def __init__(
        self,
        bench: Bench,
        cluster: Cluster,
        subscriber: Subscriber | None = None,
        pool: WorkPool | None = None,
        options: Mapping[str, str | int | float | bool] = QUICK,
    ) -> None:
        self.log = KafkaLog(cluster.settings, "s", STREAMS, options)
        self.source = HandOverSource(self.log, bench.journal)
        self.store = SqliteStore(bench.path)
        self.runner = Runner(
            [subscriber or bench.subscriber()],
            self.source,
            self.store,
            Said(self.store),
            pool=pool,
            clock=lambda: bench.now,
        )

    @property
    def owned(self) -> int:
        """How many partitions it has."""
        return len(self.log.owned)

    def end(self) -> None:
        """Stop as a process does that is told to."""
        self.runner._save(at_once=True)
        self.source.close()
        self.store.close()


@contextmanager
def running(
    bench: Bench, cluster: Cluster, count: int = 1, subscriber: Subscriber | None = None
) -> Iterator[list[Process]]:
    processes = [Process(bench, cluster, subscriber) for _ in range(count)]
    try:
        yield processes
    finally:
        for process in processes:
            process.end()


def until(processes: list[Process], holds: Callable[[], bool], within_s: float = 80) -> None:
    until_s = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < until_s, "it does not come about"
        for process in processes:
            process.runner.step()
        time.sleep(0.002)


def until_true(holds: Callable[[], bool], within_s: float = 60) -> None:
    """Wait without stepping anybody."""
    until_s = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < until_s, "it does not come about"
        time.sleep(0.01)


def by_key(bench: Bench) -> dict[object, list[object]]:
    found: dict[object, list[object]] = {}
    for subject, position in bench.seen():
        found.setdefault(subject, []).append(position)
    return found


def expected(bench: Bench) -> dict[object, list[object]]:
    found: dict[object, list[object]] = {}
    for record in bench.journal.records:
        found.setdefault(record.subject, []).append(record.position)
    return found


def write(bench: Bench, count: int, keys: int = 20) -> None:
    bench.journal.submit(*(f"case-{n % keys}" for n in range(count)))


def all_seen(bench: Bench) -> bool:
    return len(bench.seen()) >= len(bench.journal.records)
