"""The service on a real Kafka: it decides from there, and through the door when Kafka is gone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import KafkaException, TopicPartition

from consumers.decisions import service
from consumers.decisions.running import run
from consumers.decisions.settings import Settings, settings_from
from protocol.catalogue import stream_named
from tests.consumers.decisions.door import door, write_run_file
from tests.consumers.decisions.histories import checks, evidence, line, opening, short
from tests.consumers.decisions.journal import MemoryJournal
from tests.consumers.decisions.test_running import waited_for
from tests.servers.kafka import Cluster
from tests.subscriber.wire import Carrier, make_topics

pytestmark = pytest.mark.slow


@contextmanager
def serving(folder: Path, cluster: Cluster) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(Settings(folder, kafka=cluster.settings), stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=20)


def said(journal: MemoryJournal) -> list[str]:
    return [short(message) for message in journal.said("case")]


def reads_kafka(cluster: Cluster) -> bool:
    """Tell whether the group has noted a place, which it does once it reads there."""
    asker = cluster.consumer(group=service.NAME)
    wanted = [TopicPartition(stream_named(name).topic, 0) for name in service.STREAMS]
    try:
        return all(place.offset >= 0 for place in asker.committed(wanted, timeout=10))
    except KafkaException:
        # The group's coordinator is only just being found.
        return False
    finally:
        asker.close()


def test_it_decides_history_from_the_door_and_the_rest_from_kafka(
    tmp_path: Path, empty_kafka: Cluster
) -> None:
    make_topics(empty_kafka, service.STREAMS)
    whole = MemoryJournal(line(*opening("full"), evidence("front"), *checks(on=3)))
    at_the_door, written = MemoryJournal(), MemoryJournal()
    for journal in (at_the_door, written):
        journal.append(whole.records[:6])
    carrier = Carrier(empty_kafka, written, service.STREAMS)
    carrier.carry()

    with door(at_the_door) as url, serving(tmp_path, empty_kafka):
        write_run_file(tmp_path, url)
        assert waited_for(lambda: reads_kafka(empty_kafka))
        # From here on the door has nothing but what the service itself says.
        written.append(whole.records[6:])
        carrier.carry(again=4)

        assert waited_for(lambda: said(at_the_door)[-1:] == ["approve final"])

    assert said(at_the_door).count("approve final") == 1


def test_the_cluster_is_named_by_the_environment(tmp_path: Path) -> None:
    found = settings_from({"VOUCH_DATA": str(tmp_path), "VOUCH_KAFKA": "127.0.0.1:9092"})

    assert found.kafka is not None
    assert found.kafka.bootstrap == "127.0.0.1:9092"
    assert settings_from({"VOUCH_DATA": str(tmp_path)}).kafka is None
