"""Whoever is killed, nothing is lost, doubled, reversed or left out; and everybody recovers by themselves."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

import psycopg
import pytest
from django.db import connections

from deploy.servers.postgres import PostgresServer
from events.coordinator import clock_us
from events.database import DATABASE
from events.database.connecting import connect, conninfo
from events.journal import record
from events.models import RelayState
from events.relay import leading
from events.relay.leading import Leadership
from events.sequencer import Sequencer
from events.source import SqlJournalSource
from events.store import DjangoStore
from subscriber import NotNow, Store, StoreAway, open_store
from tests.complaints.marks import ON_POSTGRES
from tests.complaints.soundness import Row, assert_sound, rows_of
from tests.events.makers import NOW, submitted
from tests.sequencing import say, settled
from tests.servers.running import fresh_database, running_postgres

pytestmark = [*ON_POSTGRES, pytest.mark.slow]
_WRITERS, _EVENTS, _KILLS = 3, 240, 5


def _until(done: Callable[[], bool], within_s: float = 30) -> None:
    until_s = time.monotonic() + within_s
    while not done():
        assert time.monotonic() < until_s, "it never came to that"
        time.sleep(0.02)


def _end_all_connections() -> None:
    with psycopg.connect(conninfo(DATABASE), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.usefixtures("journal")
def test_complaint_20_connections_killed_the_sequencer_goes_on_by_itself() -> None:
    say([submitted("before")])

    _end_all_connections()
    connections[DATABASE].close()
    say([submitted("after")])

    assert [row.key for row in rows_of(conninfo(DATABASE))] == ["before", "after"]


@pytest.mark.usefixtures("journal")
def test_complaint_20_connections_killed_a_source_is_away_once_and_reads_on() -> None:
    source = SqlJournalSource(("verification.case",))
    say([submitted("before")])
    source.read(0, 10)

    _end_all_connections()
    with pytest.raises(NotNow):
        source.read(0, 10)

    assert [record.subject for record in source.read(0, 10).records] == ["before"]


def test_server_and_sequencer_each_notice_within_15_s_that_the_other_is_gone() -> None:
    names = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout")

    with connect(conninfo(DATABASE), name="test") as connection:
        of_the_server = [connection.execute(f"SHOW {name}").fetchone() for name in names]
        ours = connection.info.get_parameters()

    assert of_the_server == [("5",), ("5",), ("2",), ("15000",)]
    assert ours["tcp_user_timeout"] == "15000"


@pytest.mark.usefixtures("journal")
def test_complaint_20_connections_killed_a_relays_lease_is_still_renewed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leading, "_RENEW_S", 0.05)
    leadership = Leadership("relay")
    leadership.take()

    with leadership.kept():
        _until(_leads_longer_than(RelayState.objects.get().leads_until_us))
        _end_all_connections()
        connections[DATABASE].close()
        _until(_leads_longer_than(clock_us() + 3_500_000), within_s=10)


def _leads_longer_than(moment_us: int) -> Callable[[], bool]:
    return lambda: RelayState.objects.get().leads_until_us > moment_us


@pytest.fixture(params=["of the monolith", "of a service"])
def store(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[Store]:
    own: Store = DjangoStore(DATABASE) if "monolith" in request.param else open_store(conninfo_url())
    yield own
    own.close()


def conninfo_url() -> str:
    """The main database's address, for a store of a service beside it."""
    settings = connections[DATABASE].settings_dict
    return f"postgresql://{settings['USER']}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"


def _lose_the_connection_in(store: Store) -> None:
    with store.transaction():
        store.execute("CREATE TABLE left_over (n INTEGER)")
        _end_all_connections()
        store.execute("INSERT INTO left_over VALUES (1)")


def test_complaint_20_connections_killed_a_store_is_away_once_and_goes_on(store: Store) -> None:
    store.execute("SELECT 1")

    with pytest.raises(StoreAway):
        _lose_the_connection_in(store)

    with store.transaction():
        assert store.execute("SELECT to_regclass('left_over')") == [(None,)]


@pytest.fixture
def house() -> Iterator[_House]:
    with running_postgres() as server:
        yield _House(server)


class _House:
    """A server of its own with the product's tables, and processes that may be killed."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self.url = fresh_database(server)
        for alias in ("keys", "feed", "statistics"):
            server.create_database(f"{self.url.rsplit('/', 1)[-1]}_{alias}")
        self._environment = {
            **os.environ,
            "VOUCH_DATABASE_URL": self.url,
            "DJANGO_SETTINGS_MODULE": "tests.settings_postgres",
        }
        self._run("manage.py", "migrate", "-v", "0").wait()

    def _run(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, *arguments]
        return subprocess.Popen(command, env=self._environment, stdout=subprocess.DEVNULL)

    def command(self, name: str) -> subprocess.Popen[bytes]:
        return self._run("manage.py", name)

    def is_led(self) -> bool:
        with psycopg.connect(self.url) as connection:
            row = connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone()
        return row == (1,)

    @contextmanager
    def sequencer(self) -> Iterator[subprocess.Popen[bytes]]:
        process = self._run("-m", "tests.complaints.sequencing", self.url)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    @contextmanager
    def writers(self) -> Iterator[list[subprocess.Popen[bytes]]]:
        names = [f"writer-{n}" for n in range(_WRITERS)]
        found = [self._run("-m", "tests.complaints.writer", name, str(_EVENTS)) for name in names]
        try:
            yield found
        finally:
            for process in found:
                process.kill()
                process.wait()

    def rows(self) -> list[Row]:
        return rows_of(self.url)

    def has_more_than(self, count: int) -> bool:
        return self.placed() > count

    def placed(self) -> int:
        with suppress(psycopg.OperationalError):
            return len(self.rows())
        return -1


def test_a_sequencer_and_a_server_killed_at_random_lose_and_double_nothing(house: _House) -> None:
    chance, at_work = random.Random(5), 0
    with house.writers() as writers:
        for kill in range(_KILLS):
            reached = house.placed()
            with house.sequencer():
                _until(partial(house.has_more_than, reached))
                time.sleep(chance.random() * 0.1)
            if kill % 3 == 1:
                house.server.kill()
                house.server.start()
            at_work += not _ended(writers)
        with house.sequencer():
            _until(lambda: _ended(writers) and house.placed() == _WRITERS * _EVENTS, within_s=60)

    assert at_work >= 3, "the kills came too late to prove anything"
    assert_sound(house.rows())
    assert len({row.id for row in house.rows()}) == _WRITERS * _EVENTS


def _ended(processes: list[subprocess.Popen[bytes]]) -> bool:
    return all(process.poll() is not None for process in processes)


def test_the_sequencers_process_ends_in_order_when_it_is_told_to(house: _House) -> None:
    process = house.command("sequencer")
    _until(house.is_led)

    process.terminate()

    assert process.wait(10) == 0
    assert not house.is_led()


@pytest.mark.usefixtures("empty")
def test_three_sequencers_at_once_double_nothing_and_take_over_from_each_other() -> None:
    stops = [threading.Event() for _ in range(3)]
    ours = [Sequencer(conninfo(DATABASE)) for _ in stops]
    threads = [threading.Thread(target=one.run, args=(stop,)) for one, stop in zip(ours, stops, strict=True)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        _until(lambda: any(one.leads for one in ours))
        for n in range(30):
            record([submitted(f"case-{n % 3}"), submitted("all")], now=NOW)
        settled()
        stops[next(n for n, one in enumerate(ours) if one.leads)].set()
    for stop, thread in zip(stops, threads, strict=True):
        stop.set()
        thread.join()

    found = rows_of(conninfo(DATABASE))
    assert_sound(found)
    assert (len(found), sum(one.placed for one in ours)) == (120, 120)
    assert sorted(one.placed for one in ours) == [0, 60, 60]
