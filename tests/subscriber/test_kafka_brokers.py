"""A subscriber on three brokers, of which one comes and goes: nobody mistakes a question for an answer."""

from __future__ import annotations

import time

import pytest

from subscriber import SourceAway
from subscriber.kafka import KafkaLog, client_config
from subscriber.kafka.ends import Ends
from subscriber.partitions import Partition
from subscriber.source import NOWHERE, Place
from tests.servers.kafka import Cluster
from tests.subscriber.groups import QUICK, STREAMS, of_today, until_true, write
from tests.subscriber.makers import Bench
from tests.subscriber.wire import Carrier, make_topics

pytestmark = pytest.mark.slow


def test_a_broker_that_dies_in_the_middle_of_the_question_gives_no_place_to_read_on(
    bench: Bench, kafka_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    kafka_cluster.clear()
    make_topics(kafka_cluster, STREAMS)
    write(of_today(bench), 200)
    Carrier(kafka_cluster, bench.journal, STREAMS).carry()
    log = KafkaLog(kafka_cluster.settings, "s", STREAMS, QUICK)
    until_true(lambda: log.pull(0) is not None and len(log.owned) == 16)
    ends = log.ends(log.owned)
    log.start(ends)
    until_true(lambda: log.pull(100).live)
    places = dict.fromkeys(log.owned, Place(100, bench.journal.records[100].sequenced_at_us))
    until_true(lambda: log.find(places) is not None)

    # What was asked first was answered before the broker died.
    answers = {True: dict.fromkeys(ends, 0), False: ends}
    monkeypatch.setattr(log._ends, "get", lambda _partitions, *, first=False: answers[first])
    monkeypatch.setattr(log, "_check", lambda: None)
    kafka_cluster.settle()
    kafka_cluster.server.kill(2)
    try:
        found = [_found(log, places) for _ in range(6)]
    finally:
        kafka_cluster.server.revive(2)
        log.close()

    assert found == [None] * 6


def test_while_a_partition_has_no_leader_nothing_unread_is_taken_to_be_passed(
    bench: Bench, kafka_cluster: Cluster
) -> None:
    kafka_cluster.clear()
    make_topics(kafka_cluster, STREAMS)
    positions = set(range(1, 201))
    write(of_today(bench), len(positions))
    Carrier(kafka_cluster, bench.journal, STREAMS).carry()
    log = KafkaLog(kafka_cluster.settings, "s", STREAMS, QUICK)
    until_true(lambda: log.pull(0) is not None and len(log.owned) == 16)
    owned = log.owned

    kafka_cluster.settle()
    kafka_cluster.server.kill(2)
    log.start(dict.fromkeys(owned, 0))
    seen: set[int] = set()
    try:
        read_until_s = time.monotonic() + 5
        while time.monotonic() < read_until_s:
            pull = log.pull(100)
            seen.update(record.position for record in pull.records)
            assert seen >= set(range(1, pull.passed.position + 1))
            assert not pull.live or seen == positions
            time.sleep(0.01)
        assert seen < positions, "the broker led nothing: there was nothing to show"
    finally:
        kafka_cluster.server.revive(2)

    def read_on() -> bool:
        seen.update(record.position for record in log.pull(100).records)
        return seen == positions

    until_true(read_on)
    log.close()


def test_asking_for_the_ends_while_a_broker_is_away_burns_no_core(kafka_cluster: Cluster) -> None:
    kafka_cluster.clear()
    make_topics(kafka_cluster, STREAMS)
    ends = Ends(client_config(kafka_cluster.settings), STREAMS)
    until_true(lambda: ends.look(NOWHERE))

    kafka_cluster.settle()
    kafka_cluster.server.kill(2)
    before_s, until_s = time.process_time(), time.monotonic() + 4
    try:
        while time.monotonic() < until_s:
            ends.look(NOWHERE)
            time.sleep(0.01)
        used_s = time.process_time() - before_s
    finally:
        kafka_cluster.server.revive(2)
        ends.close()

    # The library's admin client takes five to six seconds in these four.
    assert used_s < 2


def _found(log: KafkaLog, places: dict[Partition, Place]) -> dict[Partition, int] | None:
    """Ask where to read on, after a moment; None: it does not answer."""
    log.pull(0)
    time.sleep(0.3)
    try:
        found = log.find(places)
    except SourceAway:
        return None
    return dict(found.offsets) if found else None
