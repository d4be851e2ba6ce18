"""A service's rows made anew beside the live ones: nothing is said or done twice, and nobody waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from protocol.schemas import verification_v1_pb2 as v
from subscriber import (
    BreakerOpen,
    Lineage,
    Outbox,
    Row,
    Runner,
    Store,
    StoreAway,
    Superseded,
    Undeclared,
    Value,
    make_effects,
    open_store,
    unsettled,
)
from subscriber import rebuild as rebuilding
from subscriber.pacing import Pace
from subscriber.rebuild import Stopped, rebuild
from subscriber.versions import AlreadyBuilding
from tests.subscriber.house import House
from tests.subscriber.makers import START


@pytest.fixture
def house(place: str) -> House:
    return House(place)


def test_a_rebuild_gives_the_rows_and_timers_of_the_live_version(house: House) -> None:
    house.journal.submit(*"abcabd" * 20)
    with house.live() as settle:
        settle()
    before = house.fingerprint()

    done = rebuild(house.service)

    assert house.version == 2
    assert (done.position, done.restored) == (120, False)
    with house.live() as settle:
        settle()
    assert house.fingerprint() == before


def test_a_rebuild_says_nothing_and_touches_nothing_outside(house: House) -> None:
    house.journal.submit(*"abc")
    house.journal.write(v.CaseWithdrawn(), "a")
    with house.live() as settle:
        settle()
    said, called = dict(house.home.said), list(house.called)

    rebuild(house.service)
    with house.live() as settle:
        settle()

    assert called == ["a"]
    assert house.called == called
    assert house.home.said == said


def test_two_rebuilds_give_the_same_bytes(house: House) -> None:
    house.journal.submit(*"abcab")
    with house.live() as settle:
        settle()

    prints = []
    for _ in range(2):
        rebuild(house.service)
        prints.append(house.fingerprint())

    assert prints[0] == prints[1]


def test_events_that_come_while_it_rebuilds_are_each_done_and_said_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "_CLOSE", 20)
    house.journal.submit(*"abc" * 60)
    with house.live() as settle:
        settle()
        left = [5]

        def more() -> None:
            if left[0]:
                left[0] -= 1
                house.journal.submit("new")
                house.while_reading = lambda: None
                settle()
                house.while_reading = more

        house.while_reading = more
        rebuild(house.service)
    with house.live() as settle:
        settle()

    positions = [position for _, _, position, _ in house.rows("seen") if position]
    assert sorted(map(str, positions)) == sorted(map(str, range(1, 186)))
    assert list(house.home.said.values()).count("new") == 5 + 5


def test_the_live_process_ends_at_its_next_write_after_the_swap(house: House) -> None:
    house.journal.submit("a")
    with house.live() as settle:
        settle()
        rebuild(house.service)
        house.journal.submit("b")

        with pytest.raises(Superseded):
            settle()

    with house.live() as settle:
        settle()
    assert [row[1] for row in house.rows("seen") if row[2]] == ["a", "b"]


def test_what_the_live_version_had_not_sent_yet_is_sent_by_the_new_one(house: House) -> None:
    house.journal.submit(*"ab")
    with closing(house.open()) as store:
        house.prepare(store)
        outbox = Outbox(store, house.home, source="s")
        runner = Runner([house.subscriber()], house.journal, store, outbox, clock=lambda: START)
        runner.step()
    house.home.said.clear()

    rebuild(house.service)

    with house.live() as settle:
        settle()
    assert sorted(house.home.said.values()).count("a") >= 1


def test_what_a_dead_letter_never_came_to_say_is_said_by_the_new_version(house: House) -> None:
    house.bad = {"bad"}
    house.journal.submit("a", "bad")
    with house.live() as settle:
        settle()
    assert "bad" not in house.home.said.values()
    house.bad.clear()

    rebuild(house.service)

    with house.live() as settle:
        settle()
    assert list(house.home.said.values()).count("bad") == 2
    assert house.rows("subscriber_dead_letter") == []


def test_what_live_gives_up_on_while_it_is_rebuilt_is_said_by_the_new_version(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "_CLOSE", 20)
    house.journal.submit(*"abc" * 20)
    with house.live() as settle:
        settle()

        def poison() -> None:
            house.while_reading = lambda: None
            house.bad = {"bad"}
            house.journal.submit("bad")
            settle()
            house.bad = set()

        house.while_reading = poison
        rebuild(house.service)

    with house.live() as settle:
        settle()
    assert list(house.home.said.values()).count("bad") == 2


def test_what_was_to_be_done_outside_and_is_not_stays_a_dead_letter(house: House) -> None:
    house.bad = {"bad"}
    house.journal.write(v.CaseWithdrawn(), "bad")
    house.journal.submit("a")
    with house.live() as settle:
        settle()
    before = house.rows("subscriber_dead_letter")
    house.bad.clear()

    rebuild(house.service)

    with house.live() as settle:
        settle()
    assert len(before) == 1
    assert house.rows("subscriber_dead_letter") == before
    assert house.called == []


def test_what_is_known_of_outside_effects_is_taken_along(house: House) -> None:
    house.journal.submit("a")
    with house.live() as settle:
        settle()
    with closing(house.open()) as store:
        make_effects(store)
        for key, state in (("k", "unknown"), ("m", "asked"), ("n", "answered")):
            store.execute(
                "INSERT INTO subscriber_effect VALUES (?, 'letter', 'a', ?, 1, 0, '')", (key, state)
            )

    rebuild(house.service)

    with closing(house.open()) as store:
        assert [(one.key, one.held) for one in unsettled(store)] == [("k", True), ("m", False)]
    assert len(house.rows("subscriber_effect")) == 3


def test_a_live_version_that_cannot_be_fenced_off_is_not_replaced(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.journal.submit("a")
    with house.live() as settle:
        settle()
    monkeypatch.setattr(rebuilding, "open_store", _away_at("SET turn = turn + 1 WHERE subscriber = ?"))

    with pytest.raises(StoreAway):
        rebuild(house.service)

    assert house.version == 1


def _away_at(statement: str) -> Callable[[str | Path], Store]:
    """Open stores, of which the first, the live version's, is away for statements that end so."""
    stores: list[Store] = []

    def opened(place: str | Path) -> Store:
        store = open_store(place)
        stores.append(store)
        alive = store.execute

        def execute(sql: str, params: Sequence[Value] = ()) -> list[Row]:
            if store is stores[0] and sql.endswith(statement):
                raise StoreAway("away, as the test says")
            return alive(sql, params)

        store.execute = execute  # type: ignore[method-assign]  # this is how it is away
        return store

    return opened


def test_after_a_restore_everything_is_said_again_and_the_lost_is_forgotten(house: House) -> None:
    house.journal.submit(*"abcd")
    with house.live() as settle:
        settle()
    house.journal.restore(2, "bbbbbbbb")
    house.journal.submit("x")
    house.home.said.clear()

    done = rebuild(house.service)

    assert (done.restored, done.position) == (True, 3)
    with house.live() as settle:
        settle()
    assert {row[1] for row in house.rows("seen")} == {"a", "b", "x"}
    assert set(house.home.said.values()) == {"a", "b", "x"}


def test_a_restore_that_nobody_declared_is_not_rebuilt_from(house: House) -> None:
    house.journal.submit(*"abcd")
    with house.live() as settle:
        settle()
    house.journal.restore(2, house.journal.epoch)

    with pytest.raises(Undeclared):
        rebuild(house.service)

    assert house.version == 1


class Died(BaseException):
    """The process is gone: nothing catches this."""


def _mortal(statements: int) -> Callable[[str | Path], Store]:
    """Open stores whose statements end after so many with the process."""
    left = [statements]

    def opened(place: str | Path) -> Store:
        store = open_store(place)
        alive = store.execute

        def execute(sql: str, params: Sequence[Value] = ()) -> list[Row]:
            left[0] -= 1
            if left[0] < 0:
                raise Died
            return alive(sql, params)

        store.execute = execute  # type: ignore[method-assign]  # this is how it dies
        return store

    return opened


def test_a_rebuild_that_dies_anywhere_leaves_one_whole_version_serving(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.journal.submit(*"ab")
    with house.live() as settle:
        settle()
    before, statements, died = house.fingerprint(), 0, 0

    while house.version == 1:
        monkeypatch.setattr(rebuilding, "open_store", _mortal(statements))
        try:
            rebuild(house.service)
        except Died:
            died += 1
            if house.version == 1:
                assert house.fingerprint() == before
        statements += 1

    assert died > 20
    with house.live() as settle:
        settle()
    assert house.fingerprint() == before


def test_a_rebuild_that_is_told_to_stop_changes_nothing(house: House) -> None:
    house.journal.submit("a")
    with house.live() as settle:
        settle()
    stop = threading.Event()
    stop.set()

    with pytest.raises(Stopped):
        rebuild(house.service, stop=stop)

    assert house.version == 1


def test_a_handler_that_fails_everywhere_keeps_the_old_version(house: House) -> None:
    names = [f"case-{n}" for n in range(25)]
    house.journal.submit(*names)
    with house.live() as settle:
        settle()
    house.bad = set(names)

    with pytest.raises(BreakerOpen):
        rebuild(house.service)

    assert house.version == 1


def test_two_rebuilds_at_once_are_refused(house: House) -> None:
    with house.versions.building(), pytest.raises(AlreadyBuilding):
        rebuild(house.service)


def test_a_rebuild_is_read_no_faster_than_its_pace(house: House) -> None:
    house.journal.submit(*"abc" * 100)
    with house.live() as settle:
        settle()
    slept: list[float] = []

    rebuild(house.service, pace=Pace(1_000_000, sleep=slept.append, clock=lambda: 0.0))

    assert max(slept) == pytest.approx(300 / 1_000_000)


def test_the_version_before_stays_until_the_next_is_built(house: House, place: str) -> None:
    house.journal.submit("a")
    with house.live() as settle:
        settle()

    for _ in range(3):
        rebuild(house.service)

    assert house.version == 4
    assert _there(place) in ({"service.v3.sqlite3", "service.v4.sqlite3"}, {"v3", "v4"})


def _there(place: str) -> set[str]:
    """List the versions that are kept: files, or schemas with a table of the service."""
    if not place.startswith("postgresql://"):
        return {file.name for file in Path(place).parent.glob("*.sqlite3")}
    with psycopg.connect(place) as connection:
        rows = connection.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'seen'").fetchall()
    return {str(schema) for (schema,) in rows}


def test_after_two_restores_of_an_old_back_up_everything_is_said_again(house: House) -> None:
    house.journal.submit(*"ab")
    with house.live() as settle:
        settle()
    house.journal.epochs, house.journal.epoch = Lineage(((1, "cccccccc"),)), "cccccccc"

    assert rebuild(house.service).restored
