"""Apache Kafka as the runtime sees it: how a client reaches the cluster, and the source that follows it."""

from __future__ import annotations

from subscriber.kafka.client import KafkaSettings, client_config, kafka_settings
from subscriber.kafka.log import KafkaLog, Lag
from subscriber.kafka.source import kafka_source

__all__ = ["KafkaLog", "KafkaSettings", "Lag", "client_config", "kafka_settings", "kafka_source"]
