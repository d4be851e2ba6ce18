"""Events reach their handlers in order of their key, once in effect, and the checkpoint goes with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocol.schemas import verification_v1_pb2 as v
from subscriber import (
    Context,
    EpochChanged,
    Handler,
    Mode,
    SqliteStore,
    StoreAway,
    Subscriber,
    Superseded,
    store,
)
from tests.subscriber.makers import START, Bench, says

Settle = Callable[..., None]


def test_every_event_is_handled_once_and_in_order(bench: Bench) -> None:
    bench.journal.submit("a", "b", "a")

    runner = bench.runner()
    while runner.step():
        pass

    assert bench.seen() == [("a", 1), ("b", 2), ("a", 3)]
    assert bench.said() == 3
    assert bench.floor() == 3


def test_a_new_process_goes_on_where_the_old_one_stopped(bench: Bench) -> None:
    bench.journal.submit("a", "b")
    bench.runner().step()
    bench.journal.submit("c")

    bench.runner().step()

    assert bench.positions() == [1, 2, 3]


def test_events_without_a_handler_move_the_floor_without_a_row(bench: Bench) -> None:
    for _ in range(3):
        bench.journal.write(v.CaseWithdrawn(by="client"))
    runner = bench.runner()
    runner.step()
    assert bench.floor() == 0

    runner._save(at_once=True)

    assert bench.floor() == 3


def test_types_nobody_knows_are_skipped_and_counted(bench: Bench) -> None:
    bench.journal.write(v.CaseSubmitted()).type = "vouch.verification.v1.Unheard"
    bench.journal.submit("a")
    runner = bench.runner()

    runner.step()

    assert bench.positions() == [2]
    assert runner.counts("s").unknown == 1


def test_a_restored_journal_is_noticed(bench: Bench) -> None:
    bench.journal.submit("a")
    bench.runner().step()
    bench.journal.epoch = "bbbbbbbb"

    with pytest.raises(EpochChanged, match="rebuild"):
        bench.runner().step()


def test_a_journal_that_lost_its_end_is_noticed(bench: Bench) -> None:
    bench.journal.submit("a", "b")
    runner = bench.runner()
    runner.step()
    del bench.journal.records[1]

    with pytest.raises(EpochChanged):
        runner.step()


def test_the_older_of_two_processes_is_stopped_at_its_next_write(bench: Bench) -> None:
    quiet = bench.subscriber(Handler((v.CaseSubmitted,), lambda _event, _value, _ctx: None))
    old, new = bench.runner(quiet), bench.runner()
    old.step()
    bench.journal.submit("a")
    new.step()

    with pytest.raises(Superseded):
        old.step()

    assert bench.positions() == [1]


def test_a_source_that_is_away_is_asked_again(bench: Bench, settle: Settle) -> None:
    bench.journal.submit("a")
    bench.journal.away = True
    runner = bench.runner()
    assert not runner.step()

    bench.journal.away = False
    settle(runner)

    assert bench.positions() == [1]


def test_a_new_subscriber_catches_up_without_holding_the_others(bench: Bench) -> None:
    bench.journal.submit("a", "b")
    first = bench.subscriber()
    bench.runner(first).step()
    second = Subscriber("later", ("verification.case",), (Handler((v.CaseSubmitted,), says),))
    bench.journal.submit("c")

    bench.runner(first, second).step()

    assert sorted(map(str, bench.positions())) == ["1", "1", "2", "2", "3", "3"]


def test_a_reaction_is_spared_what_is_older_than_its_beginning(bench: Bench) -> None:
    bench.journal.submit("a", "b", "c")
    react = Handler((v.CaseSubmitted,), says, mode=Mode.REACT)

    runner = bench.runner(bench.subscriber(react, react_since=START + timedelta(seconds=3)))
    runner.step()

    assert bench.positions() == [3]
    assert runner.counts("s").too_old == 2


def test_what_is_emitted_is_named_by_its_cause(bench: Bench) -> None:
    bench.journal.submit("a")
    bench.runner().step()
    first = bench.store.execute("SELECT id FROM said")
    for table in ("said", "subscriber_checkpoint"):
        bench.store.execute(f"DELETE FROM {table}")

    bench.runner().step()

    assert bench.store.execute("SELECT id FROM said") == first


def test_a_handler_for_a_stream_that_is_not_followed_is_refused() -> None:
    with pytest.raises(ValueError, match="does not follow"):
        Subscriber("s", ("verification.case",), (Handler((v.CheckCompleted,), says),))


def test_two_handlers_for_one_message_are_refused() -> None:
    handler = Handler((v.CaseSubmitted,), says)

    with pytest.raises(ValueError, match="two handlers"):
        Subscriber("s", ("verification.case",), (handler, handler))


def test_the_moment_is_the_events_and_the_clock_is_the_clock(bench: Bench) -> None:
    moments: list[object] = []

    def note(_event: object, _value: object, ctx: Context) -> None:
        moments.extend([ctx.moment, ctx.now])

    bench.journal.submit("a")
    bench.runner(bench.subscriber(Handler((v.CaseSubmitted,), note))).step()

    assert moments == [START + timedelta(seconds=1), bench.now]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.sampled_from("abc"), max_size=30), st.integers(1, 7))
def test_any_split_into_runs_gives_each_event_once(bench: Bench, subjects: list[str], every: int) -> None:
    before = len(bench.journal.records)
    for start in range(0, len(subjects), every):
        bench.journal.submit(*subjects[start : start + every])
        bench.runner().step()

    assert bench.positions()[before:] == list(range(before + 1, before + len(subjects) + 1))


def test_a_statement_outside_a_transaction_says_too_that_the_database_is_busy(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_BUSY_S", 0.01)
    other = SqliteStore(bench.path)

    with bench.store.transaction(), pytest.raises(StoreAway):
        other.execute("INSERT INTO seen (subject) VALUES ('a')")

    other.close()
