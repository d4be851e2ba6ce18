"""Whatever the journal is read through: the same events, from any position, and word when there are more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from events.journal import Draft, after, head
from events.source import SqlJournalSource
from protocol.envelope import from_record
from protocol.records import as_record
from protocol.schemas import verification_v1_pb2 as v
from protocol.schemas.journal_v1_pb2 import Record
from subscriber import EpochChanged, HttpJournalSource, Source
from tests.contracts.door import Door
from tests.events.makers import opened, submitted
from tests.rebuilding import empty_journal
from tests.sequencing import say

pytestmark = [pytest.mark.django_db(transaction=True, databases="__all__"), pytest.mark.sequenced]
STREAMS = ("verification.case",)
Making = Callable[[], Source]


@pytest.fixture(params=["sql", "http"])
def make(request: pytest.FixtureRequest, door: Door) -> Iterator[Making]:
    made: list[Source] = []

    def source() -> Source:
        kind: Source = (
            SqlJournalSource(STREAMS)
            if request.param == "sql"
            else HttpJournalSource(door.url, door.key, STREAMS)
        )
        made.append(kind)
        return kind

    yield source
    for one in made:
        one.close()


def _read(source: Source, position: int, count: int, limit: int = 500) -> list[Record]:
    """Read until so many events have come, as the runner does."""
    records: list[Record] = []
    until_s = time.monotonic() + 5
    while len(records) < count and time.monotonic() < until_s:
        batch = source.read(position, limit)
        records.extend(as_record(row) for row in batch.records)
        position = batch.through
        time.sleep(0.002)
    return records


def _until_through(source: Source, position: int, wanted: int) -> int:
    until_s = time.monotonic() + 8
    while position < wanted and time.monotonic() < until_s:
        position = source.read(position, 500).through
        time.sleep(0.002)
    return position


def test_history_comes_as_it_was_written(make: Making) -> None:
    say([opened("a"), submitted("a"), submitted("b")])

    records = _read(make(), 0, 3)

    assert [from_record(r) for r in records] == after(0)


def test_reading_starts_after_any_position(make: Making) -> None:
    say([submitted(f"case-{n}") for n in range(5)])

    assert [r.position for r in _read(make(), 3, 2)] == [4, 5]


def test_an_empty_journal_gives_nothing_and_no_epoch(make: Making) -> None:
    batch = make().read(0, 10)

    assert (batch.epoch, batch.records, batch.through, batch.head) == ("", (), 0, 0)


def test_what_is_written_later_follows(make: Making) -> None:
    say([submitted("a")])
    source = make()
    _read(source, 0, 1)

    say([submitted("b")])

    assert [r.position for r in _read(source, 1, 1)] == [2]


def test_news_is_told_within_a_moment_and_not_without_reason(make: Making) -> None:
    say([submitted("a")])
    source = make()
    _read(source, 0, 1)
    source.read(1, 10)
    assert not source.news()

    say([submitted("b")])
    time.sleep(0.2)

    assert source.news()


def test_other_streams_are_left_out_and_passed(make: Making) -> None:
    say([submitted("a"), *[Draft(message=v.CheckCompleted(), subject="a", client="c")] * 3])
    say([submitted("a")])

    source = make()

    assert [r.position for r in _read(source, 0, 2)] == [1, 5]
    assert _until_through(source, 5, 5) == head().position


def test_a_limit_cuts_without_losing(make: Making) -> None:
    say([submitted(f"case-{n}") for n in range(10)])

    assert [r.position for r in _read(make(), 0, 10, limit=3)] == list(range(1, 11))


def test_going_back_gives_the_same_events_again(make: Making) -> None:
    say([submitted("a"), submitted("b")])
    source = make()
    first = _read(source, 0, 2)

    assert _read(source, 0, 2) == first


def test_the_epoch_and_the_head_are_told(make: Making) -> None:
    say([submitted("a")])

    batch = make().read(1, 10)

    assert (batch.epoch, batch.head) == (head().epoch, 1)


def test_a_restored_journal_is_never_taken_for_the_one_before(make: Making) -> None:
    say([submitted("a"), submitted("b")])
    source = make()
    epoch = source.read(0, 10).epoch
    empty_journal()
    say([submitted("c")])

    try:
        told = source.read(1, 10).epoch != epoch
    except EpochChanged:
        told = True

    assert told


def test_a_place_beyond_the_end_is_never_taken_for_the_end(make: Making) -> None:
    say([submitted("a")])

    try:
        told = make().read(7, 10).head < 7
    except EpochChanged:
        told = True

    assert told


def test_personal_values_travel_sealed(make: Making) -> None:
    say([opened("a", name="Ada")])

    (row,) = _read(make(), 0, 1)

    assert b"Ada" not in row.payload
