"""The service on a real Kafka: it decides from there, and through the door when Kafka is gone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import KafkaException, TopicPartition

from consumers.decisions import service
from consumers.decisions.service import SPEC
from protocol.catalogue import stream_named
from subscriber.serving import ServiceSettings, run
from tests.consumers.decisions.histories import checks, evidence, line, opening, short
from tests.consumers.decisions.test_running import waited_for
from tests.consumers.door import door, write_run_file
from tests.consumers.journal import MemoryJournal
from tests.servers.kafka import Cluster
from tests.subscriber.wire import Carrier, make_topics

pytestmark = pytest.mark.slow


@contextmanager
def serving(folder: Path, cluster: Cluster) -> Iterator[None]:
    stop, settings = threading.Event(), ServiceSettings("decisions", folder, kafka=cluster.settings)
    thread = threading.Thread(target=run, args=(SPEC, settings, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=20)


def said(journal: MemoryJournal) -> list[str]:
    return [short(message) for message in journal.said("case", "decisions.decision")]


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
        write_run_file(tmp_path, url, "decisions")
        assert waited_for(lambda: reads_kafka(empty_kafka))
        # From here on the door has nothing but what the service itself says.
        written.append(whole.records[6:])
        carrier.carry(again=4)

        assert waited_for(lambda: said(at_the_door)[-1:] == ["approve final"])

    assert said(at_the_door).count("approve final") == 1
