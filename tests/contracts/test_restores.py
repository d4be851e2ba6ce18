"""Whatever the journal is read through: a restore is told with what is common, and nobody passes it over."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from io import StringIO
from pathlib import Path

import httpx
import pytest
from django.core.management import CommandError, call_command

from events.epochs import declare_restored, lineage
from events.journal import after, head
from events.source import SqlJournalSource
from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as v
from subscriber import (
    Context,
    EpochChanged,
    Handler,
    HttpDoor,
    HttpJournalSource,
    Outbox,
    Runner,
    SharedSource,
    Source,
    SqliteStore,
    Subscriber,
    Undeclared,
)
from subscriber.kafka import kafka_source
from tests.contracts.door import Door
from tests.events.makers import submitted
from tests.relay.running import carry_all
from tests.restoring import put_back
from tests.sequencing import say
from tests.servers.kafka import Cluster

pytestmark = [pytest.mark.django_db(transaction=True, databases="__all__"), pytest.mark.sequenced]
STREAMS = ("verification.case",)
Making = Callable[[], Source]
Opening = Callable[[], Source | SharedSource]


@pytest.fixture(params=["sql", "http"])
def make(request: pytest.FixtureRequest, door: Door) -> Iterator[Making]:
    with ExitStack() as made:
        yield lambda: made.enter_context(closing(_source(request.param, door)))


@pytest.fixture(params=["sql", "http", pytest.param("kafka", marks=pytest.mark.slow)])
def follow(request: pytest.FixtureRequest, door: Door) -> Iterator[Opening]:
    """Every way to follow the journal; on Kafka lies what the relay has carried there by then."""
    if request.param != "kafka":
        yield lambda: _source(request.param, door)
        return
    cluster: Cluster = request.getfixturevalue("empty_kafka")

    def opened() -> SharedSource:
        carry_all(cluster)
        return kafka_source(cluster.settings, "s", STREAMS, _source("http", door))

    yield opened


def _source(kind: str, door: Door) -> Source:
    return SqlJournalSource(STREAMS) if kind == "sql" else HttpJournalSource(door.url, door.key, STREAMS)


class Follower:
    """A subscriber on a file of its own that writes down what it sees."""

    def __init__(self, folder: Path, door: Door) -> None:
        self._file = folder / "follower.sqlite3"
        self._door = door

    def run(self, source: Source | SharedSource, through: int) -> list[str]:
        """Follow until a position is finished; gives the cases seen so far, in order."""
        with closing(SqliteStore(self._file)) as store, closing(source):
            store.execute("CREATE TABLE IF NOT EXISTS seen (n INTEGER PRIMARY KEY, subject TEXT)")
            outbox = Outbox(store, HttpDoor(self._door.url, self._door.key), source="decisions")
            runner = Runner(
                [Subscriber("s", STREAMS, (Handler((v.CaseSubmitted,), _see),))], source, store, outbox
            )
            until_s = time.monotonic() + 20
            while runner.floor("s") < through and time.monotonic() < until_s:
                runner.step()
                time.sleep(0.002)
            runner.settle()
            return [str(subject) for (subject,) in store.execute("SELECT subject FROM seen ORDER BY n")]


def _see(event: Event, _value: object, ctx: Context) -> None:
    ctx.execute("INSERT INTO seen (subject) VALUES (?)", (event.envelope.subject,))


@pytest.fixture
def follower(tmp_path: Path, door: Door) -> Follower:
    return Follower(tmp_path, door)


def _write(*cases: str) -> None:
    say([submitted(case) for case in cases])


def test_a_follower_within_the_back_up_goes_on_in_the_new_epoch(follow: Opening, follower: Follower) -> None:
    _write(*"ab")
    follower.run(follow(), 2)
    declare_restored()
    _write("c")

    assert sorted(follower.run(follow(), 3)) == ["a", "b", "c"]


def test_a_follower_ahead_is_told_what_both_histories_share(follow: Opening, follower: Follower) -> None:
    _write(*"abcd")
    follower.run(follow(), 4)
    put_back(2)
    declared = declare_restored()
    _write(*"xyz")

    with pytest.raises(EpochChanged) as told:
        follower.run(follow(), 5)

    assert (told.value.position, told.value.common, told.value.has) == (4, 2, declared.epoch)


def test_a_restore_that_nobody_declared_is_refused(follow: Opening, follower: Follower) -> None:
    _write(*"abcd")
    follower.run(follow(), 4)
    put_back(2)

    with pytest.raises(Undeclared):
        follower.run(follow(), 4)


def test_an_undeclared_restore_is_refused_though_the_journal_has_grown_past_it(
    follow: Opening, follower: Follower
) -> None:
    _write(*"abcd")
    follower.run(follow(), 4)
    put_back(2)
    _write(*"uvwxyz")

    with pytest.raises(Undeclared):
        follower.run(follow(), 8)


def test_a_follower_that_comes_after_a_restore_sees_nothing_of_what_was_lost(
    follow: Opening, follower: Follower
) -> None:
    _write(*"abcd")
    follow().close()
    put_back(2)
    declare_restored()
    _write(*"xy")

    assert sorted(follower.run(follow(), 4)) == ["a", "b", "x", "y"]


def test_one_event_is_recalled_by_its_position_and_none_beyond(make: Making) -> None:
    _write(*"abc")
    source = make()

    found = source.recall(2)
    assert found is not None
    assert (found.position, found.subject) == (2, "b")
    assert source.recall(9) is None


def test_every_answer_begins_with_the_journals_epochs(make: Making) -> None:
    _write("a")
    declare_restored()
    _write("b")

    batch = make().read(0, 10)

    assert batch.lineage == lineage()
    assert [first for first, _ in batch.lineage.starts] == [1, 2]


def test_the_door_names_the_last_common_position(door: Door) -> None:
    _write(*"abc")
    epoch = head().epoch
    put_back(1)
    declare_restored()

    answer = httpx.get(
        f"{door.url}/internal/v1/journal",
        params={"after": f"{epoch}-3"},
        headers={"Authorization": f"Bearer {door.key}"},
        trust_env=False,
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "epoch_changed")
    assert answer.json()["available"]["common"] == 1


def test_the_verb_begins_an_epoch_once_and_says_what_is_common(journal: None) -> None:
    _write(*"ab")
    before, out = head().epoch, StringIO()

    call_command("journal", "restored", stdout=out)

    assert "positions up to 2 are common" in out.getvalue()
    assert head().epoch != before
    with pytest.raises(CommandError, match="declared already"):
        call_command("journal", "restored", stdout=StringIO())


def test_an_empty_journal_was_not_restored(journal: None) -> None:
    with pytest.raises(CommandError, match="the journal is empty"):
        call_command("journal", "restored", stdout=StringIO())


def test_events_after_the_declaration_carry_the_new_epoch(journal: None) -> None:
    _write("a")
    declared = declare_restored()

    _write("b")

    assert [event.envelope.epoch == declared.epoch for event in after(0)] == [False, True]
