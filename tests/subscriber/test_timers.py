"""A reminder fires once in effect; a late process fires it between the same events as a punctual one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from protocol.envelope import Event
from protocol.ids import to_us
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Context, Handler, NotNow, Subscriber, Timer, lanes
from subscriber.follower import Follower
from subscriber.ledger import Ledger
from tests.subscriber.makers import START, Bench

Settle = Callable[..., None]
_S = timedelta(seconds=1)


def _remind(event: Event, _value: object, ctx: Context) -> None:
    e = event.envelope
    ctx.execute("INSERT INTO seen (subject, position, what) VALUES (?, ?, 'event')", (e.subject, e.position))
    ctx.remind(ctx.moment + 15 * _S, "deadline", e.subject)


def _forget(event: Event, _value: object, ctx: Context) -> None:
    ctx.forget("deadline", event.envelope.subject)


def _ring(timer: Timer, ctx: Context) -> None:
    ctx.execute("INSERT INTO seen (subject, position, what) VALUES (?, 0, ?)", (timer.key, timer.name))
    ctx.emit(v.DeadlinePassed(), subject=timer.key, client="cl_1")


def _subscriber(bench: Bench, on_timer: Callable[[Timer, Context], None] = _ring) -> Subscriber:
    handlers = (Handler((v.CaseSubmitted,), _remind), Handler((v.CaseWithdrawn,), _forget))
    return bench.subscriber(*handlers, on_timer=on_timer)


def test_a_timer_fires_when_the_clock_has_reached_it(bench: Bench) -> None:
    bench.journal.submit("a")
    bench.now = START + 15 * _S
    runner = bench.runner(_subscriber(bench))
    while runner.step():
        pass
    assert bench.seen() == [("a", 1)]

    bench.now = START + 16 * _S
    runner.step()

    assert bench.seen() == [("a", 1), ("a", 0)]
    assert bench.said() == 1


def test_a_timer_fires_once_and_not_after_a_restart(bench: Bench) -> None:
    bench.journal.submit("a")
    for _ in range(3):
        runner = bench.runner(_subscriber(bench))
        while runner.step():
            pass

    assert bench.seen() == [("a", 1), ("a", 0)]


def test_a_late_process_fires_a_timer_before_the_next_event(bench: Bench) -> None:
    bench.journal.submit("a")
    bench.journal.write(v.CaseSubmitted(), "b", at=START + 60 * _S)
    bench.now = START + timedelta(days=7)

    runner = bench.runner(_subscriber(bench))
    while runner.step():
        pass

    assert bench.seen() == [("a", 1), ("a", 0), ("b", 2), ("b", 0)]


def test_an_event_before_the_timer_can_take_it_back(bench: Bench) -> None:
    bench.journal.submit("a")
    bench.journal.write(v.CaseWithdrawn(), "a", at=START + 10 * _S)

    runner = bench.runner(_subscriber(bench))
    while runner.step():
        pass

    assert bench.seen() == [("a", 1)]


def test_a_timer_set_again_is_moved(bench: Bench) -> None:
    bench.journal.submit("a")
    bench.journal.write(v.CaseSubmitted(), "a", at=START + 10 * _S)
    bench.now = START + 20 * _S
    runner = bench.runner(_subscriber(bench))
    while runner.step():
        pass
    assert bench.seen() == [("a", 1), ("a", 2)]

    bench.now = START + 25 * _S
    runner.step()

    assert bench.seen()[2:] == [("a", 0)]


def test_a_timer_tells_the_moment_it_was_set_for(bench: Bench) -> None:
    moments: list[object] = []

    def ring(timer: Timer, ctx: Context) -> None:
        moments.extend([timer.at, ctx.moment, ctx.event])

    bench.journal.submit("a")
    runner = bench.runner(_subscriber(bench, ring))
    while runner.step():
        pass

    assert moments == [START + 16 * _S, START + 16 * _S, None]


def test_a_timer_that_fails_is_buried_and_parks_its_key(bench: Bench, settle: Settle) -> None:
    def fail(_timer: Timer, _ctx: Context) -> None:
        raise ValueError

    bench.journal.submit("a", "b")
    settle(bench.runner(_subscriber(bench, fail)))

    assert sorted((key, reason) for _, key, reason, _ in bench.letters()) == [
        ("a", "ValueError"),
        ("b", "ValueError"),
    ]
    assert bench.seen() == [("a", 1), ("b", 2)]


def test_an_event_behind_a_timer_that_rests_waits_and_nothing_is_done_meanwhile(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def later(_timer: Timer, _ctx: Context) -> None:
        raise NotNow("later")

    monkeypatch.setattr(lanes, "_FIRST_WAIT_S", 60.0)
    monkeypatch.setattr(lanes, "_LONGEST_WAIT_S", 60.0)
    bench.journal.submit("a")
    bench.journal.write(v.CaseWithdrawn(), "a", at=START + 60 * _S)
    runner = bench.runner(_subscriber(bench, later))
    runner.step()

    assert not runner.step()
    assert bench.floor() == 1


def test_a_timer_does_not_overtake_the_work_of_its_key(bench: Bench) -> None:
    from tests.subscriber.test_work import ByHand  # noqa: PLC0415 - the pool of that page

    pool = ByHand()
    slow = Handler((v.CaseWithdrawn,), _forget, gather=lambda _event, _ctx: "given", work=str)
    bench.journal.submit("a")
    bench.journal.write(v.CaseWithdrawn(), "a", at=START + 10 * _S)
    runner = bench.runner(
        bench.subscriber(Handler((v.CaseSubmitted,), _remind), slow, on_timer=_ring), pool=pool
    )
    runner.step()
    runner.step()

    pool.waiting["given"].set_result(None)
    while runner.step():
        pass

    assert bench.seen() == [("a", 1)]


def test_a_timer_of_ours_is_not_late_because_one_of_another_member_is_due(bench: Bench) -> None:
    ledger = Ledger(bench.store, "s")
    ledger.open()
    for seconds, key in ((1.0, "theirs"), (2.1, "ours")):
        ledger.set_timer(START + seconds * _S, "t", key, cause=UUID(int=1), correlation="")
    assert ledger.due(to_us(START + 2 * _S), 10, _is_ours) == []

    due = ledger.due(to_us(START + 2.15 * _S), 10, _is_ours)

    assert [timer.key for timer in due] == ["ours"]


def _is_ours(key: str, _at_us: int) -> bool:
    return key == "ours"


def test_nothing_is_kept_in_mind_of_a_timer_that_has_fired_in_the_end(bench: Bench, settle: Settle) -> None:
    tries: list[str] = []

    def ring(timer: Timer, _ctx: Context) -> None:
        tries.append(timer.key)
        if len(tries) < 3:
            raise NotNow("later")

    bench.journal.submit("a")
    runner = bench.runner(_subscriber(bench, ring))

    settle(runner, 0.5)

    follower = runner._followers["s"]
    assert isinstance(follower, Follower)
    assert (len(tries), follower._timers) == (3, {})
