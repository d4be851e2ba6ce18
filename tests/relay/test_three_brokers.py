"""With three brokers one may die at any moment, and two may be away: nothing is lost or out of order."""

from __future__ import annotations

import pytest
from confluent_kafka.admin import AdminClient
from pytest_django import Settings

from events.journal import head
from events.relay import checkpoint
from tests.relay.running import carried, carry_all, journal_records, records, relaying, wait_for, write
from tests.servers.kafka import Cluster

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True, databases="__all__"),
    pytest.mark.sequenced,
]


@pytest.fixture
def three(journal: None, kafka_cluster: Cluster, settings: Settings) -> Cluster:
    kafka_cluster.clear()
    settings.KAFKA = kafka_cluster.settings
    return kafka_cluster


def copies(cluster: Cluster) -> set[int]:
    """Tell how many copies there are of the partitions of cases."""
    topic = cluster.admin.list_topics(timeout=20).topics["verification.case.v1"]
    return {len(partition.replicas) for partition in topic.partitions.values()}


def test_with_three_brokers_a_message_is_safe_when_two_have_it(three: Cluster) -> None:
    write(5)

    carry_all(three)

    assert copies(three) == {3}
    assert carried(records(three)) == journal_records()


def test_topics_that_are_made_while_a_broker_is_away_have_as_many_copies_as_others(three: Cluster) -> None:
    write(5)
    three.server.kill(1)
    try:
        admin = AdminClient(three.config)
        wait_for(lambda: len(admin.list_topics(timeout=20).brokers) == 2)

        carry_all(three)
    finally:
        three.server.revive(1)

    assert copies(three) == {3}
    three.settle()


def test_one_broker_after_another_dies_and_nothing_is_lost(three: Cluster) -> None:
    with relaying(three):
        for node in three.server.nodes:
            write(100, first=100 * node)
            three.settle()
            three.server.kill(node)
            try:
                write(100, first=100 * node)
                wait_for(lambda: checkpoint().position == head().position, 60)
            finally:
                three.server.revive(node)

    assert carried(records(three)) == journal_records()


def test_with_two_brokers_away_it_waits_and_then_carries_everything(three: Cluster) -> None:
    with relaying(three):
        write(50)
        wait_for(lambda: checkpoint().position == 50)
        three.server.pause(2)
        three.server.pause(3)
        try:
            write(100, first=50)
        finally:
            three.server.resume(2)
            three.server.resume(3)
        wait_for(lambda: checkpoint().position == 150, 90)

    assert carried(records(three)) == journal_records()
