"""Whichever database a subscriber lives in, a transaction is all or nothing, and the rows are the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from events.store import DjangoStore
from protocol.ids import to_us
from protocol.schemas.journal_v1_pb2 import Record
from subscriber import Store, StoreAway, Superseded, open_store
from subscriber.ledger import DeadLetter, Ledger
from subscriber.progress import Progress
from tests.servers.running import fresh_database

pytestmark = [pytest.mark.django_db(databases="__all__")]
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
CAUSE = UUID(int=1)


@pytest.fixture(params=["django", "django feed", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param.startswith("django"):
        yield DjangoStore("feed" if "feed" in request.param else "default")
        return
    if request.param == "sqlite":
        own = open_store(tmp_path / "store.sqlite3")
    else:
        own = open_store(fresh_database(request.getfixturevalue("postgres")))
    yield own
    own.close()


@pytest.fixture
def ledger(store: Store) -> Ledger:
    ledger = Ledger(store, "s")
    ledger.open()
    return ledger


def _letter(key: str, position: int) -> DeadLetter:
    record = Record(position=position, partition_key=key, type="t", payload=b"\0\1")
    return DeadLetter(key=key, record=record, reason="ValueError", traceback="where", attempts=3)


def test_rows_come_back_as_they_were_put(store: Store) -> None:
    store.execute("CREATE TABLE t (a INTEGER, b TEXT, c BLOB, d REAL)")

    store.execute("INSERT INTO t VALUES (?, ?, ?, ?)", (1 << 60, "é?%", b"\0\xff", 0.5))

    assert store.execute("SELECT a, b, c, d FROM t") == [(1 << 60, "é?%", b"\0\xff", 0.5)]


def test_an_exception_takes_everything_back(store: Store) -> None:
    store.execute("CREATE TABLE t (a INTEGER)")

    with suppress(KeyError), store.transaction():
        store.execute("INSERT INTO t VALUES (1)")
        raise KeyError

    assert store.execute("SELECT a FROM t") == []


def test_a_mistake_in_a_statement_is_no_passing_trouble(store: Store) -> None:
    with pytest.raises(Exception, match="nowhere") as said, store.transaction():
        store.execute("SELECT * FROM nowhere")

    assert not isinstance(said.value, StoreAway)


def test_a_fresh_checkpoint_starts_at_nothing(store: Store) -> None:
    epoch, progress, streak = Ledger(store, "s").open()

    assert (epoch, progress.floor, progress.done, streak) == ("", 0, set(), 0)


def test_a_checkpoint_is_read_back_as_it_was_saved(store: Store, ledger: Ledger) -> None:
    progress = Progress(read=2)
    for position in (3, 4, 5):
        progress.begin(position)
    progress.looked(5)
    progress.finish(4)
    ledger.save("aaaaaaaa", progress, 7)

    epoch, again, streak = Ledger(store, "s").open()

    assert (epoch, again.floor, again.done, streak) == ("aaaaaaaa", 2, {4}, 7)


def test_two_subscribers_keep_checkpoints_of_their_own(store: Store, ledger: Ledger) -> None:
    ledger.save("aaaaaaaa", Progress(read=9), 0)

    _, progress, _ = Ledger(store, "other").open()

    assert progress.floor == 0


def test_a_ledger_whose_turn_is_over_cannot_save(store: Store, ledger: Ledger) -> None:
    Ledger(store, "s").open()

    with pytest.raises(Superseded):
        ledger.save("aaaaaaaa", Progress(read=1), 0)


def test_timers_come_due_in_order(ledger: Ledger) -> None:
    for seconds, name in ((3, "c"), (1, "a"), (2, "b"), (9, "later")):
        ledger.set_timer(NOW + timedelta(seconds=seconds), name, "k", cause=CAUSE, correlation="")

    due = ledger.due(to_us(NOW + timedelta(seconds=3)), 10)

    assert [timer.name for timer in due] == ["a", "b", "c"]
    assert UUID(bytes=due[0].cause) == CAUSE


def test_a_timer_set_again_moves_and_one_dropped_is_gone(ledger: Ledger) -> None:
    ledger.set_timer(NOW, "a", "k", cause=CAUSE, correlation="")
    ledger.set_timer(NOW + timedelta(hours=1), "a", "k", cause=CAUSE, correlation="")
    assert ledger.due(to_us(NOW), 10) == []

    ledger.drop_timer("a", "k")

    assert ledger.due(to_us(NOW + timedelta(hours=2)), 10) == []


def test_dead_letters_park_their_keys(ledger: Ledger) -> None:
    ledger.bury(_letter("a", 1), now=NOW)
    ledger.bury(_letter("a", 2), now=NOW)

    assert ledger.parked_keys() == {"a"}
