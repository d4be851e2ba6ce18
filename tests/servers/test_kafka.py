"""The servers of the tests are what the tests take them for."""

from __future__ import annotations

import pytest
from confluent_kafka import Producer

from deploy.servers.kafka import missing_packages
from subscriber.kafka import KafkaSettings, client_config, kafka_settings
from tests.servers.kafka import Cluster

pytestmark = pytest.mark.slow


def test_what_is_produced_is_read_back_in_order(kafka: Cluster) -> None:
    topic = kafka.topic(partitions=1)
    producer = Producer(kafka.config)

    for number in range(100):
        producer.produce(topic, value=str(number))
    producer.flush(20)

    assert [message.value() for message in kafka.read([topic])] == [b"%d" % n for n in range(100)]


def test_a_killed_broker_comes_back_with_what_it_had(kafka: Cluster) -> None:
    topic = kafka.topic(partitions=1)
    producer = Producer(kafka.config)
    producer.produce(topic, value="kept")
    producer.flush(20)

    kafka.server.kill(1)
    kafka.server.revive(1)

    assert [message.value() for message in kafka.read([topic])] == [b"kept"]


def test_an_emptied_cluster_has_no_topic_of_ours(kafka: Cluster) -> None:
    kafka.topic()

    kafka.clear()

    assert kafka.topics() == []


def test_nothing_is_missing_where_kafka_runs(kafka: Cluster) -> None:
    assert missing_packages() == ()


def test_settings_without_a_cluster_are_none_at_all() -> None:
    assert kafka_settings({"VOUCH_KAFKA_USER": "vouch"}) is None


def test_a_password_is_not_shown_where_settings_are_printed() -> None:
    settings = KafkaSettings(bootstrap="kafka:9092", user="vouch", password="not to be seen")

    assert "not to be seen" not in repr(settings)
    assert client_config(settings)["sasl.password"] == "not to be seen"
