"""Relays for tests: in a thread, or in a process to be killed or stopped; and what came out of them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from confluent_kafka import Message
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType
from django.db import connections

from events.errors import RelayRefused
from events.journal import head, record
from events.relay import Progress, Relay, checkpoint
from events.source import SqlJournalSource
from protocol.catalogue import STREAMS, Lane
from protocol.cloudevents import from_headers
from protocol.records import as_record
from protocol.schemas.journal_v1_pb2 import Record
from subscriber.kafka import KafkaSettings
from tests.events.makers import submitted
from tests.sequencing import settled
from tests.servers.kafka import Cluster

__all__ = [
    "TOPICS",
    "carried",
    "carry_all",
    "duplicates",
    "journal_records",
    "process",
    "records",
    "refusal",
    "relaying",
    "set_limit",
    "wait_for",
    "write",
]

TOPICS = [stream.topic for stream in STREAMS if stream.lane is not Lane.BEST_EFFORT]


def write(count: int, *, first: int = 0, keys: int = 10, now: datetime | None = None) -> None:
    """Write events, each a unit of its own, over some keys."""
    for number in range(first, first + count):
        record([submitted(f"case-{number % keys}")], now=now or datetime.now(UTC))
    settled()


def wait_for(condition: Callable[[], bool], within_s: float = 60) -> None:
    end_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end_s, "it did not come about in time"
        time.sleep(0.02)


@contextmanager
def relaying(cluster: Cluster, *, leader: str = "relay-1") -> Iterator[Relay]:
    """Run a relay in a thread until the block ends; what it raised, but a refusal, is raised then."""
    relay, stop = Relay(cluster.settings, leader=leader), threading.Event()

    def run() -> None:
        try:
            with suppress(RelayRefused):
                relay.run(stop)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        ended = thread.submit(run)
        try:
            yield relay
        finally:
            stop.set()
            ended.result(60)


def carry_all(cluster: Cluster) -> Progress:
    """Run a relay until everything written so far is carried."""
    settled()
    with relaying(cluster) as relay:
        wait_for(lambda: checkpoint().position == head().position)
        return relay.progress


def refusal(cluster: Cluster, settings: KafkaSettings | None = None) -> str:
    """Run a relay that refuses within a minute; gives what it says."""
    stop = threading.Event()
    patience = threading.Timer(60, stop.set)
    patience.start()
    try:
        Relay(settings or cluster.settings, leader="relay-1").run(stop)
    except RelayRefused as error:
        return f"{type(error).__name__}: {error}"
    finally:
        patience.cancel()
    raise AssertionError("it did not refuse")


@contextmanager
def process(cluster: Cluster) -> Iterator[subprocess.Popen[bytes]]:
    """Run `manage.py relay` on the test's own database until the block ends."""
    names = {alias: str(connections[alias].settings_dict["NAME"]) for alias in connections}
    environment = {**os.environ, **cluster.server.environment(), "TEST_DATABASE": names["default"]}
    running = subprocess.Popen([sys.executable, "-m", "tests.relay.victim"], env=environment)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def records(cluster: Cluster, *, committed: bool = True) -> Iterator[tuple[Message, Record]]:
    """Read the journal's events back from Kafka, partition by partition."""
    for message in cluster.read(
        [topic for topic in TOPICS if topic in cluster.topics()], committed=committed
    ):
        value = message.value() or b""
        headers = [
            (name, told) for name, told in dict(message.headers() or []).items() if isinstance(told, bytes)
        ]
        yield message, from_headers(headers, value, topic=str(message.topic()))


def journal_records() -> list[Record]:
    """Give the journal itself."""
    rows = SqlJournalSource([stream.name for stream in STREAMS]).read(0, 1 << 30).records
    return [as_record(row) for row in rows]


def set_limit(cluster: Cluster, topic: str, size: int) -> None:
    """Change how large a batch of messages a topic takes; waits until the broker says so itself."""
    entry = ConfigEntry("max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    cluster.admin.incremental_alter_configs([resource])[resource].result(20)
    asked = ConfigResource(ResourceType.TOPIC, topic)

    def is_told() -> bool:
        found = cluster.admin.describe_configs([asked])[asked].result(20)
        return str(found["max.message.bytes"].value) == str(size)

    wait_for(is_told)


def carried(found: Iterable[tuple[Message, Record]]) -> list[Record]:
    """Give what a reader keeps that drops every position it has seen in its partition; all in order."""
    seen: dict[tuple[str, int], int] = defaultdict(int)
    kept = []
    for message, one in found:
        place = (str(message.topic()), int(message.partition() or 0))
        if one.position > seen[place]:
            seen[place] = one.position
            kept.append(one)
    return sorted(kept, key=lambda one: one.position)


def duplicates(found: Iterable[tuple[Message, Record]]) -> int:
    positions = [one.position for _, one in found]
    return len(positions) - len(set(positions))
