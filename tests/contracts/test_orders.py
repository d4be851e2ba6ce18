"""SQL, HTTP or Kafka: whichever carries the events, each is handled once and in its key's order.

On Kafka the streams come shuffled against each other, doubled and late; within a stream and key they do not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from events.journal import Draft, head, record
from events.source import SqlJournalSource
from protocol.envelope import Event
from protocol.records import as_record
from protocol.schemas import verification_v1_pb2 as v
from protocol.schemas.journal_v1_pb2 import Record
from subscriber import (
    Context,
    Handler,
    HttpJournalSource,
    Runner,
    SharedSource,
    Source,
    SqliteStore,
    Subscriber,
)
from subscriber.kafka import kafka_source
from tests.contracts.door import Door
from tests.servers.kafka import Cluster
from tests.subscriber.makers import Said
from tests.subscriber.wire import Carrier, make_topics

pytestmark = [pytest.mark.django_db(transaction=True, databases="__all__")]
STREAMS = ("verification.case", "verification.partial", "verification.result")
_CASES = 12


class Wire:
    """The journal as the carrier sees it: read anew, one stream at a time."""

    records: list[Record]

    def __init__(self, stream: str) -> None:
        self.records = [as_record(row) for row in SqlJournalSource((stream,)).read(0, 5_000).records]


@dataclass(frozen=True, slots=True)
class Way:
    """How events come: a source, when it is there, and what has everything said and carried."""

    source: Source | SharedSource
    is_there: Callable[[], bool]
    say: Callable[[], None]
    shuffled: bool = False


@pytest.fixture(params=["sql", "http", pytest.param("kafka", marks=pytest.mark.slow)])
def way(request: pytest.FixtureRequest, door: Door) -> Iterator[Way]:
    sql = request.param == "sql"
    journal = SqlJournalSource(STREAMS) if sql else HttpJournalSource(door.url, door.key, STREAMS)
    found = Way(journal, lambda: True, _write)
    if request.param == "kafka":
        cluster: Cluster = request.getfixturevalue("empty_kafka")
        make_topics(cluster, STREAMS)
        log = kafka_source(cluster.settings, "orders", STREAMS, journal)

        def say() -> None:
            _write()
            _carry_shuffled(cluster)

        # What was said before would come from the journal, in its order.
        found = Way(log, lambda: log.by_log, say, shuffled=True)
    yield found
    found.source.close()


def _write() -> None:
    """Write three streams of every case, in turns."""
    for turn in range(10):
        for case in range(_CASES):
            said = (
                v.CaseSubmitted(by=str(turn)),
                v.PictureGraded(evidence_keyseq=turn),
                v.CheckCompleted(evidence_keyseq=turn),
            )
            drafts = [Draft(message=m, subject=f"case-{case}", client="cl_1") for m in said]
            record(drafts, now=datetime.now(UTC))


def _carry_shuffled(cluster: Cluster) -> None:
    """Carry the streams one after another, the last first, and the end of each twice."""
    for stream in reversed(STREAMS):
        carrier = Carrier(cluster, Wire(stream), STREAMS)
        carrier.carry()
        carrier.carry(again=40)


def _seen(store: SqliteStore) -> list[tuple[str, str, int]]:
    return [tuple(row) for row in store.execute("SELECT stream, subject, position FROM seen ORDER BY number")]


def _note(event: Event, _value: object, ctx: Context) -> None:
    e = event.envelope
    ctx.execute(
        "INSERT INTO seen (stream, subject, position) VALUES (?, ?, ?)", (e.stream, e.subject, e.position)
    )


def test_each_event_is_handled_once_and_in_the_order_of_its_stream_and_key(way: Way, tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "orders.sqlite3")
    store.execute("CREATE TABLE seen (number INTEGER PRIMARY KEY, stream TEXT, subject TEXT, position INT)")
    handler = Handler((v.CaseSubmitted, v.PictureGraded, v.CheckCompleted), _note)
    runner = Runner([Subscriber("orders", STREAMS, (handler,))], way.source, store, Said(store))

    until_s = time.monotonic() + 30
    while not way.is_there():
        assert time.monotonic() < until_s, "it never read from the log"
        runner.step()
    way.say()
    while len(_seen(store)) < head().position and time.monotonic() < until_s:
        runner.step()

    seen = _seen(store)
    assert sorted(position for *_, position in seen) == list(range(1, head().position + 1))
    for one in {(stream, subject) for stream, subject, _ in seen}:
        order = [position for stream, subject, position in seen if (stream, subject) == one]
        assert order == sorted(order)
    assert way.is_there()
    if way.shuffled:
        assert [position for *_, position in seen] != sorted(position for *_, position in seen)
    store.close()
