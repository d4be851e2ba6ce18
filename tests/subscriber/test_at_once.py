"""A handler says how many of its works may be under way: what is beyond has not been asked for yet."""

from __future__ import annotations

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Context, Handler, Runner
from tests.subscriber.makers import Bench, says
from tests.subscriber.test_work import ByHand, _double, _position


def _note(event: Event, _value: object, ctx: Context) -> None:
    says(event, "noted", ctx)


def _limited(bench: Bench, at_once: int) -> tuple[Runner, ByHand]:
    pool = ByHand()
    working = Handler((v.CaseSubmitted,), says, gather=_position, work=_double, at_once=at_once)
    others = Handler((v.CaseExpired,), _note)
    return bench.runner(bench.subscriber(working, others), pool=pool), pool


def _rest(runner: Runner) -> None:
    for _ in range(20):
        runner.step()


def test_no_more_works_are_begun_than_may_be_under_way(bench: Bench) -> None:
    bench.journal.submit("a", "b", "c", "d")
    runner, pool = _limited(bench, 2)
    _rest(runner)
    assert set(pool.waiting) == {1, 2}

    pool.waiting[2].set_result("x")
    _rest(runner)

    assert set(pool.waiting) == {1, 2, 3}
    assert bench.positions() == [2]


def test_whoever_waits_for_nothing_goes_past(bench: Bench) -> None:
    bench.journal.submit("a", "b")
    bench.journal.write(v.CaseExpired(), "c")
    bench.journal.write(v.CaseExpired(), "b")
    runner, pool = _limited(bench, 1)

    _rest(runner)

    assert set(pool.waiting) == {1}
    assert bench.positions() == [3]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from("abcde"), max_size=12), st.integers(1, 4), st.randoms())
def test_all_are_done_in_the_order_of_their_keys(subjects: list[str], at_once: int, chance: Random) -> None:
    with TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        bench.journal.submit(*subjects)
        runner, pool = _limited(bench, at_once)
        _rest(runner)
        while open_ := [position for position, future in pool.waiting.items() if not future.done()]:
            assert len(open_) <= at_once
            pool.waiting[chance.choice(open_)].set_result("x")
            _rest(runner)
        done = bench.seen()
        bench.store.close()

    assert {position for _, position in done} == set(range(1, len(subjects) + 1))
    for key in set(subjects):
        own = [position for subject, position in done if subject == key]
        assert own == [n for n, subject in enumerate(subjects, 1) if subject == key]
