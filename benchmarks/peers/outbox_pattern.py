"""django-outbox-pattern: a row in the transaction, a relay that sends and marks row by row.

It speaks STOMP; its connection class is a setting, and ours hands each message to Kafka and waits for the
acknowledgement, as its own waits for the socket: its safe mode.
"""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.peers import django_side
from benchmarks.peers.django_side import BODY, Asked, compared, main, rate

__all__ = ["KafkaConnection", "emit", "relay"]

_kafka = {"servers": "", "topic": ""}


class KafkaConnection:
    """What the package calls a connection, on a Kafka producer."""

    def __init__(self, **_given: object) -> None:
        from confluent_kafka import Producer  # noqa: PLC0415 - only a relay needs it

        self._producer = Producer({"bootstrap.servers": _kafka["servers"], "acks": "all"})

    def connect(self, **_given: object) -> None:
        """Be connected already."""

    def is_connected(self) -> bool:
        """Say so."""
        return True

    def disconnect(self) -> None:
        """Stay."""

    def send(self, *, body: str, headers: Mapping[str, str], **_given: object) -> None:
        """Send one message and wait until the brokers have it."""
        self._producer.produce(
            _kafka["topic"], body.encode(), headers=[(k, v.encode()) for k, v in headers.items()]
        )
        self._producer.flush()


def _start(asked: Asked) -> None:
    config = {
        "DEFAULT_CONNECTION_CLASS": "benchmarks.peers.outbox_pattern.KafkaConnection",
        "DEFAULT_PRODUCER_WAITING_TIME": 0,
    }
    django_side.start("django_outbox_pattern", str(asked["database"]), DJANGO_OUTBOX_PATTERN=config)


def _write() -> None:
    from django_outbox_pattern.models import Published  # noqa: PLC0415 - models need Django set up

    Published(body=BODY, destination="verification.case.v1").save()


def emit(asked: Asked) -> Mapping[str, object]:
    """Compare an update with an event to a plain one."""
    _start(asked)
    return compared(_write, asked)


def relay(asked: Asked) -> Mapping[str, object]:
    """Write n rows, then time the package's own relay, in events a second."""
    # The package imports the class above by its name, not from the script that runs.
    from benchmarks.peers import outbox_pattern  # noqa: PLC0415 - see above

    outbox_pattern._kafka.update(servers=str(asked["kafka"]), topic=str(asked["topic"]))  # noqa: SLF001 - itself
    _start(asked)
    from django_outbox_pattern.factories import factory_producer  # noqa: PLC0415 - as above

    return rate(_write, factory_producer().publish_message_from_database, asked)


if __name__ == "__main__":
    main({"emit": emit, "relay": relay})
