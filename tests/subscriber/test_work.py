"""Work runs beside others and commits when it is ready; order within a key and the checkpoint hold."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime

import pytest

from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Context, Handler, NotNow, Runner, StoreAway
from subscriber.ledger import DeadLetter, Ledger
from tests.subscriber.makers import Bench, says

Settle = Callable[..., None]


class ByHand:
    """A pool whose work a test finishes when it likes."""

    def __init__(self) -> None:
        self.waiting: dict[object, Future[object]] = {}
        self.affinities: list[str] = []

    def submit(self, name: str, work: object, given: object, affinity: str) -> Future[object]:
        """Wait for the test."""
        self.affinities.append(affinity)
        return self.waiting.setdefault(given, Future())


def _double(given: object) -> object:
    return f"{given}{given}"


def _position(event: Event, ctx: Context) -> object:
    return event.envelope.position


def _working(bench: Bench) -> tuple[Runner, ByHand]:
    pool = ByHand()
    handler = Handler((v.CaseSubmitted,), says, gather=_position, work=_double)
    return bench.runner(bench.subscriber(handler), pool=pool), pool


def test_the_value_of_the_work_reaches_apply(bench: Bench) -> None:
    bench.journal.submit("a")
    runner = bench.runner(bench.subscriber(Handler((v.CaseSubmitted,), says, gather=_position, work=_double)))

    while runner.step():
        pass

    assert bench.store.execute("SELECT what FROM seen") == [("11",)]


def test_a_result_commits_when_it_is_ready_and_the_floor_waits(bench: Bench) -> None:
    bench.journal.submit("a", "b")
    runner, pool = _working(bench)
    runner.step()

    pool.waiting[2].set_result("x")
    runner.step()

    assert bench.positions() == [2]
    assert bench.floor() == 0


def test_after_a_crash_only_unfinished_work_is_done_again(bench: Bench) -> None:
    bench.journal.submit("a", "b", "c")
    runner, pool = _working(bench)
    runner.step()
    pool.waiting[2].set_result("x")
    runner.step()

    again, pool = _working(bench)
    again.step()

    assert sorted(map(str, pool.waiting)) == ["1", "3"]


def test_events_of_one_key_wait_for_each_other(bench: Bench) -> None:
    bench.journal.submit("a", "a", "b")
    runner, pool = _working(bench)
    runner.step()
    assert set(pool.waiting) == {1, 3}

    pool.waiting[1].set_result("x")
    runner.step()

    assert set(pool.waiting) == {1, 2, 3}


def test_when_there_is_nothing_to_gather_apply_follows_at_once(bench: Bench) -> None:
    bench.journal.submit("a")
    pool = ByHand()
    handler = Handler((v.CaseSubmitted,), says, gather=lambda _event, _ctx: None, work=_double)

    bench.runner(bench.subscriber(handler), pool=pool).step()

    assert not pool.waiting
    assert bench.positions() == [1]


def test_what_is_gathered_sees_what_the_event_before_has_written(bench: Bench) -> None:
    def count(_event: Event, ctx: Context) -> object:
        return ctx.execute("SELECT count(*) FROM seen")[0][0]

    bench.journal.submit("a", "a", "a")
    runner = bench.runner(bench.subscriber(Handler((v.CaseSubmitted,), says, gather=count, work=str)))
    while runner.step():
        pass

    assert bench.store.execute("SELECT what FROM seen ORDER BY number") == [("0",), ("1",), ("2",)]


def test_reading_pauses_when_a_thousand_positions_are_open(bench: Bench) -> None:
    bench.journal.submit(*(f"case-{n}" for n in range(1200)))
    runner, pool = _working(bench)

    for _ in range(5):
        runner.step()

    assert len(pool.waiting) == 1000


def test_work_that_raises_is_tried_three_times_and_then_buried(bench: Bench, settle: Settle) -> None:
    tries: list[object] = []

    def fail(given: object) -> object:
        tries.append(given)
        raise ValueError("Lovelace")

    bench.journal.submit("a", "b")
    settle(bench.runner(bench.subscriber(Handler((v.CaseSubmitted,), says, gather=_position, work=fail))))

    assert tries.count(1) == 3
    assert bench.letters() == [(1, "a", "ValueError", 3), (2, "b", "ValueError", 3)]


def test_work_that_fails_while_the_database_is_away_is_buried_when_it_is_back(
    bench: Bench, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    bury, away = Ledger.bury, [True]

    def buried(ledger: Ledger, letter: DeadLetter, *, now: datetime) -> None:
        if away:
            away.clear()
            raise StoreAway("away, as the test says")
        bury(ledger, letter, now=now)

    def fail(_given: object) -> object:
        raise ValueError

    monkeypatch.setattr(Ledger, "bury", buried)
    bench.journal.submit("a")
    settle(bench.runner(bench.subscriber(Handler((v.CaseSubmitted,), says, gather=_position, work=fail))))

    assert [(position, key) for position, key, *_ in bench.letters()] == [(1, "a")]


def test_work_that_cannot_be_done_now_is_waited_for(bench: Bench, settle: Settle) -> None:
    tries: list[object] = []

    def later(given: object) -> object:
        tries.append(given)
        if len(tries) < 5:
            raise NotNow("later")
        return given

    bench.journal.submit("a")
    settle(
        bench.runner(bench.subscriber(Handler((v.CaseSubmitted,), says, gather=_position, work=later))), 1.0
    )

    assert bench.positions() == [1]
    assert bench.letters() == []


def test_the_pool_is_told_where_pixels_lie(bench: Bench) -> None:
    class Look(str):
        __slots__ = ()
        affinity = "picture-1"

    bench.journal.submit("a")
    pool = ByHand()
    handler = Handler((v.CaseSubmitted,), says, gather=lambda _event, _ctx: Look("x"), work=_double)

    bench.runner(bench.subscriber(handler), pool=pool).step()

    assert pool.affinities == ["picture-1"]
