"""The relay carries the journal to Apache Kafka: in order, whole units at a time, from where it stopped."""

from __future__ import annotations

from events.relay.carrying import Progress, Relay
from events.relay.leading import Checkpoint, checkpoint, start_over
from events.relay.sending import TRANSACTIONAL_ID

__all__ = ["TRANSACTIONAL_ID", "Checkpoint", "Progress", "Relay", "checkpoint", "start_over"]
