"""An effect on the outside world happens once, or somebody is told that it may not have."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Call, Context, Doubt, Effect, Handler, Mode, Runner, make_effects, unsettled
from subscriber import settle as settle_effect
from tests.subscriber.makers import Bench, says
from tests.subscriber.test_work import ByHand

Settle = Callable[..., None]
Work = Callable[[Any], object]


@pytest.fixture
def bench(bench: Bench) -> Bench:
    make_effects(bench.store)
    return bench


def _handler(doubt: Doubt, work: Work) -> Handler:
    letter = Effect("notifications.letter", doubt)

    def note(event: Event, value: object, ctx: Context) -> None:
        if value is not None:
            letter.answered(event, str(value), ctx)
        says(event, value, ctx)

    return Handler((v.CaseSubmitted,), note, gather=letter.asked, work=work, mode=Mode.REACT)


def _posts(call: Call) -> object:
    return f"posted {call.times}"


def _waiting(bench: Bench, doubt: Doubt) -> tuple[Runner, ByHand]:
    """Start a process whose work is under way until the test ends it."""
    pool = ByHand()
    runner = bench.runner(bench.subscriber(_handler(doubt, _posts)), pool=pool)
    runner.step()
    return runner, pool


def test_that_it_is_asked_is_committed_before_the_work_begins(bench: Bench) -> None:
    def look(call: Call) -> object:
        with closing(sqlite3.connect(bench.path)) as outside:
            return outside.execute(
                "SELECT state FROM subscriber_effect WHERE key = ?", (call.key,)
            ).fetchall()

    bench.journal.submit("a")

    runner = bench.runner(bench.subscriber(_handler(Doubt.HOLD, look)))
    while runner.step():
        pass

    assert bench.store.execute("SELECT answer FROM subscriber_effect") == [("[('asked',)]",)]


def test_while_it_is_under_way_it_is_listed_and_then_no_longer(bench: Bench) -> None:
    bench.journal.submit("a")
    runner, pool = _waiting(bench, Doubt.HOLD)

    (under_way,) = unsettled(bench.store)
    pool.waiting.popitem()[1].set_result("posted")
    runner.step()

    assert (under_way.subject, under_way.held, under_way.asked_at) == ("a", False, bench.now)
    assert unsettled(bench.store) == []


def test_what_a_killed_process_left_is_held_and_not_done_again(bench: Bench) -> None:
    bench.journal.submit("a", "a")
    _waiting(bench, Doubt.HOLD)

    _, pool = _waiting(bench, Doubt.HOLD)
    next_one, held = sorted(unsettled(bench.store), key=lambda one: one.held)

    assert (held.held, held.times, next_one.held) == (True, 1, False)
    assert list(pool.waiting) == [Call(next_one.key, 1)]
    assert bench.positions() == [1]


def test_what_may_be_sent_again_is_sent_with_the_same_key(bench: Bench) -> None:
    bench.journal.submit("a")
    _, first = _waiting(bench, Doubt.RESEND)

    runner, second = _waiting(bench, Doubt.RESEND)
    ((call, future),) = second.waiting.items()
    future.set_result("posted")
    runner.step()

    assert call == Call(next(iter(first.waiting)).key, 2)  # type: ignore[attr-defined]  # a call, as gathered
    assert unsettled(bench.store) == []


def test_work_that_raises_has_not_said_what_it_did(bench: Bench, settle: Settle) -> None:
    def breaks(_call: object) -> object:
        raise ConnectionResetError

    bench.journal.submit("a")
    settle(bench.runner(bench.subscriber(_handler(Doubt.HOLD, breaks))))

    assert [one.held for one in unsettled(bench.store)] == [True]
    assert bench.seen() == [("a", 1)]


def test_a_neighbour_that_fails_takes_back_what_nobody_has_begun(bench: Bench, settle: Settle) -> None:
    def picky(event: Event, value: object, ctx: Context) -> None:
        raise ValueError("never")

    bench.journal.submit("a")
    bench.journal.write(v.CaseWithdrawn(), "b")
    effect = _handler(Doubt.HOLD, _posts)
    settle(bench.runner(bench.subscriber(effect, Handler((v.CaseWithdrawn,), picky))))

    assert bench.store.execute("SELECT state, times FROM subscriber_effect") == [("answered", 1)]


def test_people_settle_what_is_held_and_nothing_else(bench: Bench) -> None:
    bench.journal.submit("a")
    _waiting(bench, Doubt.HOLD)
    (under_way,) = unsettled(bench.store)
    with pytest.raises(KeyError):
        settle_effect(bench.store, under_way.key, "it had gone out")
    _waiting(bench, Doubt.HOLD)

    settle_effect(bench.store, under_way.key, "it had gone out")

    assert unsettled(bench.store) == []


def test_an_answer_to_what_was_never_asked_is_a_mistake_of_the_handler(bench: Bench, settle: Settle) -> None:
    def answers(event: Event, value: object, ctx: Context) -> None:
        Effect("notifications.letter", Doubt.HOLD).answered(event, "posted", ctx)

    bench.journal.submit("a")
    settle(bench.runner(bench.subscriber(Handler((v.CaseSubmitted,), answers))), 0.4)

    assert bench.letters() == [(1, "a", "RuntimeError", 3)]


_kills = st.lists(st.sampled_from(["before the work", "after the work", "never"]), max_size=12)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(Doubt), _kills)
def test_wherever_a_process_dies_nothing_is_done_twice_in_silence(doubt: Doubt, kills: list[str]) -> None:
    with TemporaryDirectory() as folder:
        bench, done = Bench(Path(folder)), Counter[str]()
        make_effects(bench.store)
        bench.journal.submit("a", "a", "b")

        for kill in [*kills, "never", "never", "never", "never"]:
            runner, pool = _waiting(bench, doubt)
            for call, future in pool.waiting.items():
                assert isinstance(call, Call)
                done[call.key] += kill != "before the work"
                if kill == "never":
                    future.set_result("posted")
            if kill == "never":
                runner.step()

        asked: dict[str, int] = dict(bench.store.execute("SELECT key, times FROM subscriber_effect"))
        assert len(asked) == 3
        held = {one.key for one in unsettled(bench.store)}
        assert all(done[key] <= times for key, times in asked.items())
        assert all(done[key] or key in held for key in asked)
        assert len(bench.seen()) == 3
        bench.store.close()
