"""django-jaiminho: a pickled function call in the transaction, a relay that calls it and marks the row.

Installed as `django-jaiminho`; the package named `jaiminho` is another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from benchmarks.peers import django_side
from benchmarks.peers.django_side import BODY, Asked, compared, main, rate

__all__ = ["emit", "relay", "send"]

_kafka = {"servers": "", "topic": ""}


@cache
def _producer() -> object:
    from confluent_kafka import Producer  # noqa: PLC0415 - only a relay needs it

    return Producer({"bootstrap.servers": _kafka["servers"], "acks": "all"})


def send(payload: Mapping[str, str]) -> None:
    """Send one message and wait until the brokers have it: its safe mode."""
    producer = _producer()
    producer.produce(_kafka["topic"], repr(payload).encode())  # type: ignore[attr-defined]  # a peer's object
    producer.flush()  # type: ignore[attr-defined]  # a peer's object


def _start(asked: Asked) -> None:
    config = {"PUBLISH_STRATEGY": "keep-order", "DEFAULT_CAPTURE_EXCEPTION": None}
    django_side.start("jaiminho", str(asked["database"]), JAIMINHO_CONFIG=config)


def _write() -> None:
    # By its importable name: run as a script this module is `__main__`, which a relay could not find again.
    from jaiminho.send import save_to_outbox  # noqa: PLC0415 - models need Django set up

    from benchmarks.peers import jaiminho_outbox  # noqa: PLC0415 - see above

    save_to_outbox(jaiminho_outbox.send)(BODY)


def emit(asked: Asked) -> Mapping[str, object]:
    """Compare an update with an event to a plain one."""
    _start(asked)
    return compared(_write, asked)


def relay(asked: Asked) -> Mapping[str, object]:
    """Write n rows, then time the package's own relay, in events a second."""
    from benchmarks.peers import jaiminho_outbox  # noqa: PLC0415 - as above

    jaiminho_outbox._kafka.update(servers=str(asked["kafka"]), topic=str(asked["topic"]))  # noqa: SLF001 - itself
    _start(asked)
    from jaiminho.relayer import EventRelayer  # noqa: PLC0415 - as above

    return rate(_write, EventRelayer().relay, asked)


if __name__ == "__main__":
    main({"emit": emit, "relay": relay})
