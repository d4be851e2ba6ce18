"""A poisoned event holds up its key and nobody else; when all is poison, the process stops."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as v
from protocol.schemas.journal_v1_pb2 import Record
from subscriber import BreakerOpen, Context, Handler, NotNow, Subscriber
from subscriber.failures import Breaker
from tests.subscriber.makers import Bench, says

Settle = Callable[..., None]


def _poisoned(*subjects: str) -> Callable[[Event, object, Context], None]:
    def apply(event: Event, value: object, ctx: Context) -> None:
        says(event, value, ctx)
        if event.envelope.subject in subjects:
            raise ValueError("Ada Lovelace, 1 High Street")

    return apply


def _subscriber(bench: Bench, *subjects: str) -> Subscriber:
    return bench.subscriber(Handler((v.CaseSubmitted,), _poisoned(*subjects)))


def test_a_poisoned_event_is_buried_with_its_original_bytes(bench: Bench, settle: Settle) -> None:
    bench.journal.submit("bad")

    settle(bench.runner(_subscriber(bench, "bad")))

    ((data,),) = bench.store.execute("SELECT record FROM subscriber_dead_letter")
    assert isinstance(data, bytes)
    assert Record.FromString(data) == bench.journal.records[0]
    assert bench.floor() == 1


def test_nothing_of_a_failed_event_is_left_but_its_letter(bench: Bench, settle: Settle) -> None:
    bench.journal.submit("bad")

    settle(bench.runner(_subscriber(bench, "bad")))

    assert bench.seen() == []
    assert bench.said() == 0


def test_only_the_key_is_parked_and_its_later_events_wait_in_order(bench: Bench, settle: Settle) -> None:
    bench.journal.submit("a", "bad", "b", "bad", "a", "bad")

    settle(bench.runner(_subscriber(bench, "bad")))

    assert bench.seen() == [("a", 1), ("b", 3), ("a", 5)]
    assert [(p, key) for p, key, *_ in bench.letters()] == [(2, "bad"), (4, "bad"), (6, "bad")]


def test_a_key_stays_parked_over_a_restart(bench: Bench, settle: Settle) -> None:
    bench.journal.submit("bad")
    settle(bench.runner(_subscriber(bench, "bad")))
    bench.journal.submit("bad")

    runner = bench.runner(_subscriber(bench))
    runner.step()

    assert bench.seen() == []
    assert runner.counts("s").parked == 1


def test_a_letter_says_where_it_failed_and_no_value(bench: Bench, settle: Settle) -> None:
    bench.journal.submit("bad")

    settle(bench.runner(_subscriber(bench, "bad")))

    ((reason, traceback),) = bench.store.execute("SELECT reason, traceback FROM subscriber_dead_letter")
    assert reason == "ValueError"
    assert "test_failures.py" in str(traceback)
    assert "Lovelace" not in str(traceback)


def test_bytes_that_are_no_message_are_buried_at_once(bench: Bench) -> None:
    bench.journal.write(v.CaseSubmitted()).payload = b"\xff\xff\xff"
    bench.journal.submit("a")

    runner = bench.runner()
    while runner.step():
        pass

    assert [letter[2] for letter in bench.letters()] == ["DecodeError"]
    assert bench.positions() == [2]


def test_an_event_that_must_wait_holds_only_its_key(bench: Bench, settle: Settle) -> None:
    away = {"a"}

    def apply(event: Event, value: object, ctx: Context) -> None:
        if event.envelope.subject in away:
            raise NotNow("keys away")
        says(event, value, ctx)

    bench.journal.submit("a", "b", "a")
    runner = bench.runner(bench.subscriber(Handler((v.CaseSubmitted,), apply)))
    runner.step()
    assert bench.positions() == [2]

    away.clear()
    settle(runner)

    assert bench.positions() == [2, 1, 3]
    assert bench.letters() == []


def test_the_breaker_stops_at_twenty_failures_in_a_row(bench: Bench, settle: Settle) -> None:
    subjects = [f"bad-{n}" for n in range(30)]
    bench.journal.submit(*subjects)

    with pytest.raises(BreakerOpen, match="20 failures in a row"):
        settle(bench.runner(_subscriber(bench, *subjects)))

    assert len(bench.letters()) == 19


def test_a_restart_does_not_feed_the_breaker_nineteen_more(bench: Bench, settle: Settle) -> None:
    subjects = [f"bad-{n}" for n in range(60)]
    bench.journal.submit(*subjects)

    for _ in range(2):
        with pytest.raises(BreakerOpen):
            settle(bench.runner(_subscriber(bench, *subjects)))

    assert len(bench.letters()) == 19


def test_the_breaker_stops_when_a_tenth_of_the_last_500_failed() -> None:
    breaker = Breaker("s")
    for _ in range(49):
        breaker.succeeded(9)
        breaker.failing()

    with pytest.raises(BreakerOpen, match="50 of the last 500"):
        breaker.failing()


def test_a_stopping_process_shows_no_value_in_its_traceback(bench: Bench, settle: Settle) -> None:
    subjects = [f"bad-{n}" for n in range(20)]
    bench.journal.submit(*subjects)

    with pytest.raises(BreakerOpen) as stopped:
        settle(bench.runner(_subscriber(bench, *subjects)))

    assert stopped.value.__cause__ is None
    assert stopped.value.__context__ is None
