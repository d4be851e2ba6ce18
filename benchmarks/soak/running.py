"""One run: the house is built, shaken and left to come to rest; then what is left is gathered."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from confluent_kafka import Message

from benchmarks.soak.counting import Asked, Fact, Left, Placed, Seen
from benchmarks.soak.house import House, NotInTime, Servers, until
from benchmarks.soak.killing import Killer
from protocol.catalogue import stream_named
from protocol.cloudevents import from_headers
from protocol.schemas.journal_v1_pb2 import Record
from tests.servers.kafka import Cluster

__all__ = ["Run", "Size", "run"]

_STARTED_S: Final = 90.0
_REST_S: Final = 300.0
_SEEN_S: Final = 60.0
_JOURNAL: Final = """
    SELECT position, encode(id, 'hex'), type, stream, partition_key, keyseq, unit, unit_last, epoch,
        causation, sequenced_at_us, payload FROM journal ORDER BY position
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is said, and how often somebody is killed meanwhile."""

    messages: int
    kills: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of a run.

    `missed` are moments that did not come in time: the victim was killed all the same. `silences` are brokers
    that were stopped, `turns` how often the service left a silent Kafka for the journal door, `shut_out` how
    often Kafka let it in no longer and it was started again.
    """

    seed: int
    seconds: float
    kills: Counter[str]
    missed: Counter[str]
    silences: int
    turns: int
    shut_out: int
    left: Left


def run(folder: Path, servers: Servers, size: Size, *, seed: int, say: Callable[[str], None]) -> Run:
    """Shake a house of its own on these servers.

    Raises:
        NotInTime: something did not start, ended by itself, or never came to rest; the message names the
            seed and what is missing.
    """
    began_s = time.monotonic()
    with _inhabited(House(folder, servers, size.messages), seed) as house:
        _begin(house, size, say)
        killer = Killer(house, seed, say)
        killer.run(size.kills)
        house.allow(1)
        say(f"everybody is left alone; still to be done: {house.left()}")
        if not until(lambda: not house.left(), _REST_S):
            raise NotInTime(f"after {_REST_S:.0f} s there is still to be done: {house.left()}")
        house.close()
        return Run(
            seed=seed,
            seconds=time.monotonic() - began_s,
            kills=killer.kills,
            missed=killer.missed,
            silences=killer.silences,
            turns=house.service_said("the log is silent"),
            shut_out=house.service_said("starts again"),
            left=_gather(house),
        )


@contextmanager
def _inhabited(house: House, seed: int) -> Iterator[House]:
    """End everybody after a run; a failure names the seed."""
    try:
        yield house
    except NotInTime as error:
        raise NotInTime(f"seed {seed}: {error}") from error
    finally:
        house.close()


def _begin(house: House, size: Size, say: Callable[[str], None]) -> None:
    """Start everybody, and have the first messages come through before anybody is killed."""
    for name in house.names:
        house.start(name)
    house.allow(1 / (size.kills + 1))
    if not until(lambda: not house.left(), _STARTED_S):
        raise NotInTime(f"the first messages do not come through: {house.left()}")
    say("the first messages have come through; now the kills")


def _gather(house: House) -> Left:
    journal = [
        Fact._make((position, str(UUID(hexed)), *rest))
        for position, hexed, *rest in house.rows("main", _JOURNAL)
    ]
    seen = house.rows("service", "SELECT event, key, position FROM soak_seen ORDER BY number")
    asked = house.rows("service", "SELECT key, times, state = 'unknown' FROM subscriber_effect")
    return Left(
        messages=house.messages,
        journal=journal,
        kafka=_on_kafka(house, journal),
        seen=[Seen(*row) for row in seen],
        asked=[Asked(*row) for row in asked],
        lines=house.lines.read_text().split(),
    )


def _on_kafka(house: House, journal: Sequence[Fact]) -> list[Placed]:
    """Read what lies on Kafka committed, as a stranger would.

    A transaction is safe when Kafka says that it is committed, and strangers see it a little later, when each
    partition is marked: what is not seen yet is waited for. What is lost does not come however long.
    """
    topics, wanted = sorted({stream_named(fact.stream).topic for fact in journal}), {f.id for f in journal}
    end_s = time.monotonic() + _SEEN_S
    while True:
        found = [_placed(message) for message in Cluster(house.kafka).read(topics)]
        if time.monotonic() > end_s or wanted <= {placed.fact.id for placed in found}:
            return found


def _placed(message: Message) -> Placed:
    topic = str(message.topic())
    headers = [
        (name, told) for name, told in dict(message.headers() or []).items() if isinstance(told, bytes)
    ]
    fact = _fact(from_headers(headers, message.value() or b"", topic=topic))
    return Placed(topic, int(message.partition() or 0), fact)


def _fact(record: Record) -> Fact:
    return Fact(
        position=record.position,
        id=str(UUID(bytes=record.id)),
        type=record.type,
        stream=record.stream,
        key=record.partition_key,
        keyseq=record.keyseq,
        unit=record.unit,
        unit_last=record.unit_last,
        epoch=record.epoch,
        causation=record.causation,
        sequenced_at_us=record.sequenced_at_us,
        payload=record.payload,
    )
