"""Dead letters are handled at last in their order, each once, and every hand laid on them is noted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Context, Handler, InlinePool, Mode, Subscriber, Timer, ledger
from subscriber.letters import Letters
from subscriber.redrive import Outcome, Redrive
from subscriber.unit import Tools
from tests.subscriber.makers import Bench, says

Settle = Callable[..., None]


@dataclass
class Handlers:
    """A subscriber whose handlers fail for some cases, until they are mended."""

    bench: Bench
    bad: set[str] = field(default_factory=lambda: {"bad"})
    called: int = 0

    def subscriber(self, mode: Mode = Mode.PROJECT, *, work: bool = False) -> Subscriber:
        handler = (
            Handler(
                (v.CaseSubmitted,), self._apply, gather=lambda event, _ctx: event, work=_subject, mode=mode
            )
            if work
            else Handler((v.CaseSubmitted,), self._apply, mode=mode)
        )
        return self.bench.subscriber(handler, on_timer=self._ring)

    def redrive(self, subscriber: Subscriber | None = None) -> Redrive:
        bench = self.bench
        tools = Tools(bench.store, bench.emitter, InlinePool(), lambda: bench.now, threading.Event())
        return Redrive(subscriber or self.subscriber(), tools, who="ada", why="mended")

    def _apply(self, event: Event, value: object, ctx: Context) -> None:
        self.called += 1
        says(event, value, ctx)
        ctx.remind(ctx.moment, "later", event.envelope.subject)
        if event.envelope.subject in self.bad:
            raise ValueError

    def _ring(self, timer: Timer, ctx: Context) -> None:
        ctx.execute("INSERT INTO seen (subject, position, what) VALUES (?, 0, 'timer')", (timer.key,))
        ctx.emit(v.DeadlinePassed(), subject=timer.key, client="cl_1")
        if f"timer {timer.key}" in self.bad:
            raise ValueError


def _subject(given: object) -> object:
    return given.envelope.subject if isinstance(given, Event) else None


def _notes(event: Event, value: object, ctx: Context) -> None:
    e = event.envelope
    ctx.execute("INSERT INTO seen (subject, position, what) VALUES (?, ?, '')", (e.subject, e.position))


@pytest.fixture
def handlers(bench: Bench) -> Handlers:
    return Handlers(bench)


def _actions(bench: Bench) -> list[tuple[object, ...]]:
    return [
        tuple(row)
        for row in bench.store.execute("SELECT who, what, key, position, why FROM subscriber_action")
    ]


def test_a_mended_key_is_redriven_in_order_and_free_again(
    bench: Bench, settle: Settle, handlers: Handlers
) -> None:
    bench.journal.submit("bad", "a", "bad")
    settle(bench.runner(handlers.subscriber()))
    handlers.bad.clear()

    outcome = handlers.redrive().key("bad")

    assert outcome == Outcome("bad", 2, 0, "")
    assert [row for row in bench.seen() if row[0] == "bad"] == [("bad", 1), ("bad", 3)]
    assert bench.letters() == []
    assert [(who, what, position) for who, what, _, position, _ in _actions(bench)] == [
        ("ada", "redriven", 1),
        ("ada", "redriven", 3),
    ]


def test_a_running_subscriber_sees_that_a_key_is_free(
    bench: Bench, settle: Settle, handlers: Handlers
) -> None:
    bench.journal.submit("bad")
    runner = bench.runner(handlers.subscriber())
    settle(runner)
    handlers.bad.clear()
    handlers.redrive().key("bad")

    bench.journal.submit("bad")
    settle(runner)

    assert [row for row in bench.seen() if row[1] != 0] == [("bad", 1), ("bad", 2)]
    assert runner.counts("s").parked == 0


def test_redriving_stops_at_the_first_that_fails_again(
    bench: Bench, settle: Settle, handlers: Handlers
) -> None:
    bench.journal.submit("bad", "bad")
    settle(bench.runner(handlers.subscriber()))

    outcome = handlers.redrive().key("bad")

    assert outcome == Outcome("bad", 0, 2, "ValueError")
    assert bench.letters() == [
        (1, "bad", "ValueError", 4),
        (2, "bad", "its key waits behind a dead letter", 0),
    ]
    assert _actions(bench) == [("ada", "failed again: ValueError", "bad", 1, "mended")]


def test_a_dry_run_leaves_nothing_behind(bench: Bench, settle: Settle, handlers: Handlers) -> None:
    bench.journal.submit("bad", "bad")
    settle(bench.runner(handlers.subscriber()))
    before = bench.letters()
    handlers.bad.clear()

    outcome = handlers.redrive().key("bad", dry_run=True)

    assert outcome == Outcome("bad", 2, 0, "")
    assert (bench.letters(), bench.seen(), bench.said(), _actions(bench)) == (before, [], 0, [])


def test_a_dry_run_touches_nothing_outside(bench: Bench, settle: Settle, handlers: Handlers) -> None:
    bench.journal.submit("bad")
    settle(bench.runner(handlers.subscriber(Mode.REACT)))
    called = handlers.called

    handlers.redrive(handlers.subscriber(Mode.REACT)).key("bad", dry_run=True)

    assert handlers.called == called


def test_a_dry_run_does_no_work_that_may_touch_something_outside(
    bench: Bench, settle: Settle, handlers: Handlers
) -> None:
    posted: list[object] = []
    bench.journal.submit("bad")
    settle(bench.runner(handlers.subscriber(Mode.REACT, work=True)))
    posting = Handler((v.CaseSubmitted,), says, work=posted.append, mode=Mode.REACT)

    outcome = handlers.redrive(bench.subscriber(posting)).key("bad", dry_run=True)

    assert (outcome.through, posted) == (1, [])


def test_a_letter_that_two_operators_redrive_at_once_has_one_effect(
    bench: Bench, settle: Settle, handlers: Handlers
) -> None:
    bench.journal.submit("bad", "bad")
    settle(bench.runner(handlers.subscriber()))
    outcomes: list[Outcome] = []

    def work(given: object) -> object:
        if not outcomes:
            outcomes.append(Outcome("", 0, 0, ""))
            outcomes[0] = handlers.redrive(subscriber).key("bad")
        return given

    subscriber = bench.subscriber(Handler((v.CaseSubmitted,), _notes, work=work))
    second = handlers.redrive(subscriber).key("bad")

    assert bench.positions() == [1, 2]
    assert [one.through for one in (*outcomes, second)] == [2, 0]
    assert [what for _, what, *_ in _actions(bench)] == ["redriven", "redriven"]


def test_what_is_parked_while_its_key_is_redriven_is_redriven_too(
    bench: Bench, settle: Settle, handlers: Handlers
) -> None:
    bench.journal.submit("bad")
    live = bench.runner(handlers.subscriber())
    settle(live)

    def work(given: object) -> object:
        if len(bench.journal.records) == 1:
            bench.journal.submit("bad")
            settle(live)
        return given

    outcome = handlers.redrive(bench.subscriber(Handler((v.CaseSubmitted,), _notes, work=work))).key("bad")

    assert outcome == Outcome("bad", 2, 0, "")
    assert (bench.positions(), bench.letters()) == ([1, 2], [])


def test_a_timer_that_redriving_sets_is_fired_by_the_running_process(
    bench: Bench, settle: Settle, handlers: Handlers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "_LOOK_EVERY_S", 0.05)
    bench.journal.submit("bad")
    runner = bench.runner(handlers.subscriber())
    settle(runner)
    handlers.bad.clear()

    handlers.redrive().key("bad")
    settle(runner)

    assert bench.seen() == [("bad", 1), ("bad", 0)]


def test_a_dead_timer_is_fired_again_as_the_timer_it_was(
    bench: Bench, settle: Settle, handlers: Handlers
) -> None:
    handlers.bad = {"timer a"}
    bench.journal.submit("a")
    settle(bench.runner(handlers.subscriber()))
    bench.journal.submit("a")
    settle(bench.runner(handlers.subscriber()))
    handlers.bad.clear()

    outcome = handlers.redrive().key("a")

    assert outcome.error == ""
    assert bench.seen() == [("a", 1), ("a", 0), ("a", 2)]
    assert bench.said() == 3


def test_work_is_done_again_before_it_is_applied(bench: Bench, settle: Settle, handlers: Handlers) -> None:
    bench.journal.submit("bad")
    settle(bench.runner(handlers.subscriber(work=True)))
    handlers.bad.clear()

    handlers.redrive(handlers.subscriber(work=True)).key("bad")

    assert bench.store.execute("SELECT what FROM seen WHERE position = 1") == [("bad",)]


def test_letters_of_a_key_lie_in_the_order_they_would_have_been_handled(
    bench: Bench, settle: Settle, handlers: Handlers
) -> None:
    bench.journal.submit("bad", "a", "bad", "a", "bad")
    settle(bench.runner(handlers.subscriber()))

    letters = Letters.open(bench.store, "s").of("bad")

    assert [letter.record.position for letter in letters] == [1, 3, 5]
    assert letters[0].stored == bench.journal.records[0].SerializeToString()
