"""Settings of installations that are never started: an embedded one, and a full one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from config.environment import Environment
from subscriber.kafka import KafkaSettings

__all__ = ["EMBEDDED", "FULL"]

EMBEDDED = Environment(
    services=None,
    inside=frozenset(),
    data=Path("/nowhere"),
    port=8000,
    door_port=8001,
    register_url="",
    database_url="",
    kafka=None,
    redis_url="",
    tls_certificate="",
    tls_key="",
    feed_streams=250,
    feed_origins=frozenset(),
    hosts=frozenset(),
    secret="x",
    feed_days=90,
    workers=2,
    debug=False,
)
FULL = replace(
    EMBEDDED, database_url="postgresql://h/d", kafka=KafkaSettings(bootstrap="h:9092"), redis_url="redis://h"
)
