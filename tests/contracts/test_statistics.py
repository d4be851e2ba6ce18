"""Statistics come by the door and by Kafka's topic alike: each taken once, whatever kills the follower."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from events.door.services import issue_service_keys
from events.models import Statistic as Row
from events.statistics import Notes
from events.statistics_topic import StatisticsTopic
from protocol.ids import to_us
from protocol.schemas import verification_v1_pb2 as v
from subscriber import NotNow, SourceAway, SqliteStore, Store
from subscriber.kafka import KafkaSettings
from subscriber.noted import Statistic, seen_us
from subscriber.statistics import Statistics, statistics_of
from tests.contracts.door import serve
from tests.events.makers import NOW
from tests.rebuilding import empty_journal
from tests.servers.kafka import Cluster

pytestmark = [pytest.mark.django_db(transaction=True, databases="__all__")]
CLOCK_US = to_us(NOW) + 1_000_000
TOPIC = "verification.statistics.v1"


class Way:
    """One way by which statistics come, with the notes at its other end."""

    def __init__(self, folder: Path, door: tuple[str, str], kafka: KafkaSettings | None) -> None:
        self._folder, self.door, self.kafka = folder, door, kafka
        self.notes = Notes()
        self.notes.topic = None if kafka is None else StatisticsTopic(kafka)

    def note(self, *steps: str) -> None:
        for step in steps:
            self.notes.note(v.StepStarted(step=step, attempt=1), subject="case-1", client="cl_1", now=NOW)
        self.notes.flush()

    @contextmanager
    def follower(self) -> Iterator[tuple[Statistics, Store]]:
        with closing(SqliteStore(self._folder / "rows.sqlite3")) as store:
            store.execute("CREATE TABLE IF NOT EXISTS taken (step TEXT NOT NULL)")
            follower = statistics_of(store, "tester", self.door, self.kafka, lambda: CLOCK_US)
            with closing(follower):
                yield follower, store


@pytest.fixture(params=["door", pytest.param("kafka", marks=pytest.mark.slow)])
def way(request: pytest.FixtureRequest, tmp_path: Path, transactional_db: None) -> Iterator[Way]:
    empty_journal()
    Row.objects.all().delete()
    if request.param == "door":
        key = issue_service_keys(["early_warning"])["early_warning"]
        with serve(key=key) as door:
            yield Way(tmp_path, (door.url, key), None)
    else:
        cluster: Cluster = request.getfixturevalue("empty_kafka")
        cluster.topic(TOPIC)
        yield Way(tmp_path, ("http://127.0.0.1:1", ""), cluster.settings)
    Row.objects.all().delete()
    empty_journal()


def take(statistic: Statistic, store: Store) -> None:
    assert isinstance(statistic.message, v.StepStarted)
    assert (statistic.subject, statistic.at_us // 1_000) == ("case-1", to_us(NOW) // 1_000)
    store.execute("INSERT INTO taken VALUES (?)", (statistic.message.step,))


def until(
    holds: Callable[[], bool], follower: Statistics, how: Callable[[Statistic, Store], None] = take
) -> bool:
    until_s = time.monotonic() + 15
    while not holds() and time.monotonic() < until_s:
        # A topic that was only just made is not there yet.
        with suppress(NotNow):
            follower.step(how)
        time.sleep(0.01)
    return holds()


def steps(store: Store) -> list[str]:
    return sorted(str(step) for (step,) in store.execute("SELECT step FROM taken"))


def test_what_was_noted_is_taken_once_by_one_who_comes_again_and_again(way: Way) -> None:
    for n in range(3):
        way.note(f"a{n}", f"b{n}")
        with way.follower() as (follower, store):
            assert until(lambda n=n, store=store: len(steps(store)) >= 2 * (n + 1), follower)  # type: ignore[misc]

    with way.follower() as (follower, store):
        assert until(lambda: seen_us(store.execute, "tester") == CLOCK_US, follower)
        assert steps(store) == ["a0", "a1", "a2", "b0", "b1", "b2"]


def test_what_could_not_be_kept_is_taken_again(way: Way) -> None:
    way.note("one", "two")

    def die(statistic: Statistic, store: Store) -> None:
        take(statistic, store)
        if steps(store) == ["one", "two"]:
            raise MemoryError("in the middle of it")

    with way.follower() as (follower, store):
        with pytest.raises(MemoryError):
            until(lambda: False, follower, die)

        assert steps(store) == []
        assert until(lambda: steps(store) == ["one", "two"], follower)


def test_what_was_read_to_its_end_is_known_up_to_now(way: Way) -> None:
    way.note("one")

    with way.follower() as (follower, store):
        assert seen_us(store.execute, "tester") == 0
        assert until(lambda: seen_us(store.execute, "tester") == CLOCK_US, follower)


def test_a_file_begun_anew_is_counted_anew(way: Way) -> None:
    if way.kafka is not None:
        pytest.skip("Kafka's offsets are its own")
    way.note("one", "two", "three")
    with way.follower() as (follower, store):
        assert until(lambda: len(steps(store)) == 3, follower)
        store.execute("UPDATE subscriber_statistics SET place = place + 1000")
        follower.close()

        assert until(lambda: len(steps(store)) == 6, follower)


def test_without_anybody_there_it_says_so_and_takes_nothing(tmp_path: Path) -> None:
    way = Way(tmp_path, ("http://127.0.0.1:1", ""), None)

    with way.follower() as (follower, store):
        with pytest.raises(SourceAway):
            follower.step(take)

        assert steps(store) == []
