"""How a service reaches the journal: from a process of its own, by Kafka and the door, or as it is wired."""

from __future__ import annotations

import socket
from typing import Protocol

from subscriber.declare import Subscriber
from subscriber.http import HttpDoor, HttpJournalSource
from subscriber.kafka import kafka_source
from subscriber.outbox import Home
from subscriber.serving.settings import Door, ServiceSettings
from subscriber.serving.spec import ServiceSpec
from subscriber.source import SharedSource, Source

__all__ = ["Outside", "OwnHome", "Way"]


class OwnHome(Home, Protocol):
    """A way home that is opened for one service."""

    def close(self) -> None:
        """Let go of it."""


class Way(Protocol):
    """How a service reaches the journal."""

    def source(self, door: Door, subscriber: Subscriber) -> Source | SharedSource:
        """Give what it reads from."""

    def home(self, door: Door) -> OwnHome:
        """Give where what it says goes."""

    @property
    def said(self) -> str:
        """Name what it follows, for the line that says so."""


class Outside:
    """The way of a process beside the product: from Kafka where there is one, and through the door.

    History is read through the door, as is everything while Kafka is away, and always what has to have the
    journal's one order.
    """

    def __init__(self, spec: ServiceSpec, settings: ServiceSettings) -> None:
        self._spec, self._settings = spec, settings

    def source(self, door: Door, subscriber: Subscriber) -> Source | SharedSource:
        """Read from Kafka or the door; see `Way`."""
        journal = HttpJournalSource(door.url, door.key, self._spec.streams)
        kafka, host = self._settings.kafka, socket.gethostname()
        if kafka is None or subscriber.recording is not None:
            return journal
        return kafka_source(kafka, self._spec.name, self._spec.streams, journal, instance=host)

    def home(self, door: Door) -> HttpDoor:
        """Say through the door; see `Way`."""
        return HttpDoor(door.url, door.key)

    @property
    def said(self) -> str:
        """Name Kafka, where it is read."""
        kafka = self._settings.kafka
        if kafka is None or self._spec.build(self._settings).recording is not None:
            return "the journal"
        return f"Kafka at {kafka.bootstrap}, and the journal"
