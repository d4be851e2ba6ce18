"""Partitions change hands between processes, and between Kafka and the journal: once in effect, in order."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as v
from subscriber import (
    Batch,
    Context,
    EpochChanged,
    Handler,
    Row,
    Runner,
    SqliteStore,
    StoreAway,
    Subscriber,
    Superseded,
    Undeclared,
    Value,
    member,
)
from subscriber.handover import HandOverSource
from subscriber.partitions import number_of, partition_of
from subscriber.skips import skipped
from subscriber.source import Stray
from tests.subscriber.logs import MemoryLog
from tests.subscriber.makers import Bench, Journal, Said, says
from tests.subscriber.test_work import ByHand

STREAMS = ("verification.case", "verification.partial")


class Process:
    """One process of the subscriber `s`: its log membership, its store, its runner."""

    def __init__(self, bench: Bench, log: MemoryLog | None = None, **options: object) -> None:
        self.bench = bench
        self.log = log or MemoryLog(bench.journal, STREAMS)
        self.source = HandOverSource(self.log, bench.journal)
        self.store = SqliteStore(bench.path)
        subscriber = options.pop("subscriber", None) or bench.subscriber()
        assert isinstance(subscriber, Subscriber)
        self.runner = Runner(
            [subscriber],
            self.source,
            self.store,
            Said(self.store),
            clock=lambda: bench.now,
            **options,  # type: ignore[arg-type]  # as the test gives them
        )

    def settle(self) -> None:
        """Step until nothing moves."""
        quiet = 0
        while quiet < 4:
            quiet = 0 if self.runner.step() else quiet + 1

    @property
    def counts(self) -> dict[str, int]:
        counts = self.runner.counts("s")
        return {"repeated": counts.repeated, "handed_over": counts.handed_over, "strays": counts.strays}


def _keys(number: int, how_many: int) -> list[str]:
    """Names of cases that lie in one partition."""
    named = (f"case-{n}" for n in range(10_000))
    return [name for name in named if number_of(name, 8) == number][:how_many]


def _by_key(bench: Bench) -> dict[object, list[object]]:
    found: dict[object, list[object]] = {}
    for subject, position in bench.seen():
        found.setdefault(subject, []).append(position)
    return found


def _expected(bench: Bench) -> dict[object, list[object]]:
    found: dict[object, list[object]] = {}
    for record in bench.journal.records:
        found.setdefault(record.subject, []).append(record.position)
    return found


def _by_stream_and_key(bench: Bench) -> dict[object, list[object]]:
    streams = {record.position: record.stream for record in bench.journal.records}
    found: dict[object, list[object]] = {}
    for subject, position in bench.seen():
        found.setdefault((streams[int(str(position))], subject), []).append(position)
    return found


def _of_two_streams(bench: Bench) -> Subscriber:
    return bench.subscriber(Handler((v.CaseSubmitted, v.PictureGraded), _notes))


def _notes(event: Event, value: object, ctx: Context) -> None:
    """Write down the event and say nothing: an emission would be noticed when it is doubled."""
    e = event.envelope
    ctx.execute("INSERT INTO seen (subject, position, what) VALUES (?, ?, '')", (e.subject, e.position))


def test_a_new_subscriber_reads_history_and_then_the_log(bench: Bench) -> None:
    bench.journal.submit("a", "b", "a")
    process = Process(bench)
    process.log.carry()
    process.log.deal()
    process.settle()
    assert process.source.by_log

    bench.journal.submit("a", "c")
    process.log.carry()
    process.settle()

    assert _by_key(bench) == _expected(bench)
    assert bench.journal.reads[-1] < 4


def test_a_restarted_process_goes_on_in_the_log_without_the_journal(bench: Bench) -> None:
    bench.journal.submit(*(f"case-{n}" for n in range(40)))
    first = Process(bench)
    first.log.carry()
    first.log.deal()
    first.settle()
    first.runner._save(at_once=True)
    bench.journal.submit(*(f"case-{n}" for n in range(40)))
    bench.journal.reads.clear()

    again = Process(bench, first.log)
    again.log.carry()
    again.log.deal()
    again.settle()

    assert _by_key(bench) == _expected(bench)
    assert bench.journal.reads == []


def test_what_comes_again_on_the_wire_is_dropped_by_its_position_and_counted(bench: Bench) -> None:
    bench.journal.submit("a", "b", "c")
    process = Process(bench)
    process.log.deal()
    process.settle()
    process.log.carry()
    process.settle()
    bench.journal.submit("a")

    process.log.carry(repeat=3)
    process.settle()

    assert _by_key(bench) == _expected(bench)
    assert process.counts["repeated"] >= 3


def test_an_idle_partition_does_not_hold_the_floor_back(bench: Bench) -> None:
    process = Process(bench)
    process.log.deal()
    process.settle()

    bench.journal.submit(*["a"] * 5)
    process.log.carry()
    process.settle()
    process.runner._save(at_once=True)

    assert bench.floor() == 5


def test_a_log_that_does_not_reach_back_is_left_for_the_journal(bench: Bench) -> None:
    bench.journal.submit(*(f"case-{n}" for n in range(20)))
    process = Process(bench)
    process.log.carry(10)
    process.log.deal()
    process.settle()
    process.log.away = True
    bench.journal.submit(*(f"case-{n}" for n in range(20)))
    process.log.carry()
    process.log.trim()

    process.log.away = False
    process.settle()
    bench.journal.submit("last")
    process.log.carry()
    process.settle()

    assert _by_key(bench) == _expected(bench)
    assert process.source.by_log


def test_a_log_that_keeps_no_event_only_marks_is_left_for_the_journal(bench: Bench) -> None:
    written, later = _keys(1, 1)[0], _keys(2, 1)[0]
    bench.journal.submit(written)
    before = Process(bench)
    before.log.carry()
    before.log.deal()
    before.settle()
    bench.journal.submit(written, written)
    before.log.carry()
    before.log.trim()
    before.log.mark()

    after = Process(bench, before.log)
    after.log.deal()
    after.settle()
    seen = _by_key(bench)
    bench.journal.submit(later)
    after.log.carry()
    after.settle()

    assert len(seen[written]) == 3
    assert _by_key(bench) == _expected(bench)


def test_a_long_history_is_read_to_its_end_before_the_log(bench: Bench) -> None:
    bench.journal.submit(*(f"case-{n % 40}" for n in range(1_300)))
    process = Process(bench)
    process.log.carry()
    process.log.deal()

    process.settle()

    assert _by_key(bench) == _expected(bench)
    assert process.source.by_log


def test_a_log_replaced_while_it_was_silent_is_not_trusted_with_old_offsets(bench: Bench) -> None:
    bench.journal.submit(*(f"case-{n % 40}" for n in range(2_000)))
    process = Process(bench)
    process.log.carry()
    process.log.deal()
    for away in (False, False, True):
        process.log.away = away
        process.runner.step()

    process.log.replace(after=2_000)
    bench.journal.submit(*(f"case-{n % 40}" for n in range(2_000)))
    process.log.carry()
    process.log.away = False
    process.settle()

    assert _by_key(bench) == _expected(bench)


def test_work_under_way_in_a_partition_that_comes_back_has_one_effect(bench: Bench) -> None:
    pool = ByHand()
    handler = Handler((v.CaseSubmitted,), says, gather=lambda e, _ctx: e.envelope.position, work=str)
    process = Process(bench, subscriber=bench.subscriber(handler), pool=pool)
    bench.journal.submit("a", "a")
    process.log.carry()
    for _ in range(2):
        process.log.deal()
        process.settle()

    for position in (1, 2):
        pool.waiting[position].set_result("done")
        process.settle()

    assert bench.seen() == [("a", 1), ("a", 2)]
    assert process.counts["handed_over"] == 2


def test_out_of_range_sends_the_reader_back_to_the_journal(bench: Bench) -> None:
    process = Process(bench)
    process.log.deal()
    process.settle()
    bench.journal.submit(*(f"case-{n}" for n in range(20)))
    process.log.carry()
    process.log.trim()

    process.settle()

    assert _by_key(bench) == _expected(bench)


def test_while_the_log_is_away_the_journal_is_read_and_each_event_has_one_effect(bench: Bench) -> None:
    process = Process(bench)
    process.log.deal()
    process.settle()
    for away in (True, False, True, False):
        process.log.away = away
        bench.journal.submit("a", "b", "c")
        process.log.carry()
        process.settle()

    assert _by_key(bench) == _expected(bench)
    assert process.source.by_log


def test_a_process_that_never_saw_the_log_follows_the_journal(bench: Bench) -> None:
    process = Process(bench)
    process.log.away = True
    bench.journal.submit("a", "b")

    process.settle()

    assert _by_key(bench) == _expected(bench)


def test_a_process_whose_partition_was_taken_can_no_longer_move_it(bench: Bench) -> None:
    pools = ByHand(), ByHand()
    handler = Handler((v.CaseSubmitted,), says, gather=lambda e, _ctx: e.envelope.position, work=str)
    zombie, heir = (Process(bench, subscriber=bench.subscriber(handler), pool=pool) for pool in pools)
    bench.journal.submit("a")
    for process in (zombie, heir):
        process.log.carry()
        process.log.deal()
        process.settle()

    for pool in pools:
        pool.waiting[1].set_result("done")
    zombie.settle()
    assert bench.seen() == []
    heir.settle()

    assert bench.seen() == [("a", 1)]
    assert zombie.counts["handed_over"] == 1


def test_what_a_process_without_the_log_took_and_left_is_taken_back_after_a_restart(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member, "_MISSING_S", 0.2)
    of_the_group, passing = Process(bench), Process(bench)
    of_the_group.log.deal()
    of_the_group.settle()
    passing.log.away = True
    passing.settle()
    bench.journal.submit("a")
    of_the_group.log.carry()

    def go_on() -> None:
        until_s = time.monotonic() + 10
        while time.monotonic() < until_s:
            of_the_group.runner.step()

    with pytest.raises(Superseded, match="takes them back"):
        go_on()
    again = Process(bench, of_the_group.log)
    again.log.deal()
    again.settle()

    assert bench.seen() == [("a", 1)]


def test_two_processes_share_the_work_and_neither_sees_the_others(bench: Bench) -> None:
    low, high = Process(bench), Process(bench)
    bench.journal.submit(*_keys(1, 3), *_keys(6, 3), *_keys(1, 3))
    for process, numbers in ((low, (0, 1, 2, 3)), (high, (4, 5, 6, 7))):
        process.log.carry()
        process.log.deal(*numbers)
        process.settle()

    assert _by_key(bench) == _expected(bench)
    assert (low.runner.counts("s").handled, high.runner.counts("s").handled) == (6, 3)


def test_a_run_on_the_whole_journal_goes_on_where_the_shared_one_stopped(bench: Bench) -> None:
    bench.journal.submit(*_keys(1, 2), *_keys(6, 2))
    shared = Process(bench)
    shared.log.carry()
    shared.log.deal(1)
    shared.settle()

    alone = bench.runner()
    while alone.step():
        pass

    assert _by_key(bench) == _expected(bench)
    assert bench.store.execute("SELECT count(*) FROM subscriber_partition") == [(0,)]


def test_a_shared_run_goes_on_where_the_one_on_the_whole_journal_stopped(bench: Bench) -> None:
    bench.journal.submit("a", "b", "c")
    bench.runner().step()
    bench.journal.submit("a")

    shared = Process(bench)
    shared.log.carry()
    shared.log.deal()
    shared.settle()

    assert _by_key(bench) == _expected(bench)


def test_a_restored_journal_is_noticed_on_the_log(bench: Bench) -> None:
    bench.journal.submit("a")
    process = Process(bench)
    process.log.carry()
    process.log.deal()
    process.settle()
    bench.journal.restore(0, "bbbbbbbb")
    bench.journal.submit("a", "a")
    process.log.carry()

    with pytest.raises(EpochChanged, match="common is what lies up to 0"):
        process.settle()


def test_what_the_log_still_has_of_an_older_epoch_is_passed_over(bench: Bench) -> None:
    older = bench.journal.write(v.CaseSubmitted(), "a")
    bench.journal.records.clear()
    bench.journal.epoch = "bbbbbbbb"
    bench.journal.submit("a", "b")
    process = Process(bench)
    process.log.deal()
    process.settle()

    process.log.kept[partition_of(older)].append(older)
    process.settle()
    bench.journal.submit("c")
    process.log.carry()
    process.settle()

    assert bench.positions() == [1, 2, 3]
    assert process.source.by_log


def test_what_a_restore_took_is_left_out_of_the_log_and_counted(bench: Bench) -> None:
    bench.journal.submit("a")
    first = Process(bench)
    first.log.carry()
    first.log.deal()
    first.settle()
    first.runner.settle()
    bench.journal.submit("b", "c")
    first.log.carry()
    bench.journal.restore(1, "bbbbbbbb")

    again = Process(bench, first.log)
    again.log.deal()
    again.settle()
    bench.journal.submit("x", "y", "z")
    again.log.carry_from(1)
    again.settle()
    again.runner.settle()

    assert _by_key(bench) == {"a": [1], "x": [2], "y": [3], "z": [4]}
    passed = [(one.why, one.records) for one in skipped(bench.store, "s")]
    assert ("taken from the journal by a restore", 2) in passed


def test_other_events_on_places_that_were_passed_are_told_as_a_restore_that_nobody_declared(
    bench: Bench,
) -> None:
    bench.journal.submit("a", "b", "c")
    process = Process(bench)
    process.log.carry()
    process.log.deal()
    process.settle()
    bench.journal.restore(1, bench.journal.epoch)
    bench.journal.submit("x", "y", "z")
    for record in bench.journal.records[1:]:
        record.id = record.id[::-1]

    process.log.carry_from(1)

    with pytest.raises(Undeclared, match="nobody has said so"):
        process.settle()


def test_a_declared_restore_within_what_was_seen_is_entered_by_every_partition(bench: Bench) -> None:
    bench.journal.submit(*"abc")
    process = Process(bench)
    process.log.carry()
    process.log.deal()
    process.settle()
    bench.journal.restore(3, "bbbbbbbb")
    bench.journal.submit("x")
    process.log.carry()

    process.settle()
    process.runner.settle()

    assert _by_key(bench) == _expected(bench)
    asked = "SELECT DISTINCT epoch FROM subscriber_partition UNION SELECT epoch FROM subscriber_checkpoint"
    assert bench.store.execute(asked) == [("bbbbbbbb",)]


def test_bytes_that_are_no_event_are_set_aside_once_with_their_place(bench: Bench) -> None:
    process = Process(bench)
    process.log.deal()
    process.settle()
    partition = next(iter(process.log.kept))
    stray = Stray(
        topic="t.v1", number=3, offset=17, key=b"k", value=b"\xff\0", headers=(("h", b"\xfe"),), reason="why"
    )
    process.log.kept[partition] += [stray, stray]

    process.settle()

    rows = bench.store.execute("SELECT topic, number, place, key, value, reason FROM subscriber_stray")
    assert rows == [("t.v1", 3, 17, b"k", b"\xff\0", "why")]
    assert process.counts["strays"] == 1


def test_streams_with_other_partition_counts_are_refused(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from protocol import catalogue  # noqa: PLC0415 - changed for this test alone

    narrow = {**catalogue._BY_NAME, "verification.partial": catalogue.stream_named("verification.partial")}
    object.__setattr__(narrow["verification.partial"], "partitions", 4)
    try:
        with pytest.raises(ValueError, match="one partition count"):
            Process(bench)
    finally:
        object.__setattr__(narrow["verification.partial"], "partitions", 8)


def test_events_of_one_key_from_two_streams_have_one_effect_in_whatever_order_they_come(
    bench: Bench,
) -> None:
    process = Process(bench, subscriber=_of_two_streams(bench))
    process.log.deal()
    process.settle()
    bench.journal.write(v.PictureGraded(), "a")
    bench.journal.submit("a")
    process.log.carry()

    process.settle()

    # The log gives the partitions of a case before those of its partial results.
    assert bench.positions() == [2, 1]
    assert process.runner.counts("s").handled == 2


def test_events_that_come_with_repeats_are_kept_though_the_database_is_away(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.journal.submit("a", "b", "c")
    process = Process(bench)
    process.log.carry()
    process.log.deal()
    process.settle()
    bench.journal.submit("d", "e")
    process.log.carry(repeat=3)
    asked, away = process.store.execute, [True]

    def execute(sql: str, params: Sequence[Value] = ()) -> list[Row]:
        if away and "FROM subscriber_witness" in sql:
            away.clear()
            raise StoreAway("away, as the test says")
        return asked(sql, params)

    monkeypatch.setattr(process.store, "execute", execute)
    process.settle()
    process.settle()

    assert not away
    assert _by_key(bench) == _expected(bench)


class ByLine(Journal):
    """A journal whose head is told as it was when the line was opened, as the door's may be."""

    def __init__(self) -> None:
        super().__init__()
        self._told: int | None = None

    def read(self, after: int, limit: int) -> Batch:
        """Give events up to the head that was told; see `Source`."""
        if self._told is None:
            self._told = len(self.records)
        records = tuple(self.records[after : min(after + limit, self._told)])
        return Batch(self.epoch, records, after + len(records), self._told, self.epochs)

    def ask_anew(self) -> None:
        """Open another line with the next read; see `Remembering`."""
        self._told = None


def test_the_journal_is_left_for_the_log_only_at_a_head_asked_for_after_the_logs_end(bench: Bench) -> None:
    bench.journal = ByLine()
    bench.journal.submit("a", "b")
    process = Process(bench)
    process.log.deal()
    process.log.away = True
    process.settle()
    bench.journal.submit("c", "d")
    process.log.carry()

    process.log.away = False
    process.settle()
    bench.journal.submit("e")
    process.log.carry()
    process.settle()

    assert _by_key(bench) == _expected(bench)
    assert process.source.by_log


def _working(bench: Bench) -> tuple[Subscriber, ByHand]:
    handler = Handler((v.CaseSubmitted,), _notes, gather=lambda e, _ctx: e.envelope.position, work=str)
    return bench.subscriber(handler), ByHand()


def _finish(pool: ByHand, *but: int) -> None:
    for position, future in list(pool.waiting.items()):
        if position not in but and not future.done():
            future.set_result("done")


def test_a_shared_run_repeats_nothing_that_a_run_on_the_journal_finished_out_of_order(bench: Bench) -> None:
    bench.journal.submit("a", "b", "c")
    shared = Process(bench)
    shared.log.deal()
    shared.settle()
    shared.runner.settle()
    bench.journal.submit("d", "e", "f")
    subscriber, pool = _working(bench)
    alone = bench.runner(subscriber, pool=pool)
    alone.step()
    _finish(pool, 4)
    alone.step()
    assert bench.positions() == [1, 2, 3, 5, 6]

    again = Process(bench, subscriber=_of_two_streams(bench))
    again.log.carry()
    again.log.deal()
    again.settle()

    assert bench.positions() == [1, 2, 3, 5, 6, 4]


def test_whoever_takes_over_more_than_it_may_remember_reads_on_all_the_same(bench: Bench) -> None:
    numbers = (1, 6)
    bench.journal.submit(*_keys(1, 700), *_keys(6, 700))
    for number in numbers:
        subscriber, pool = _working(bench)
        process = Process(bench, subscriber=subscriber, pool=pool)
        process.log.deal(number)
        process.settle()
        for _ in range(2):
            _finish(pool, 1, 701)
            process.settle()
    assert len(bench.seen()) == 1_398

    heir = Process(bench, subscriber=_of_two_streams(bench))
    heir.log.deal()
    heir.settle()

    assert sorted(map(str, bench.positions())) == sorted(map(str, range(1, 1_401)))


def test_a_long_run_on_the_journal_leaves_room_for_the_shared_one(bench: Bench) -> None:
    bench.journal.submit(*(f"case-{n}" for n in range(400)))
    subscriber, pool = _working(bench)
    alone = bench.runner(subscriber, pool=pool)
    alone.step()
    _finish(pool, 1)
    alone.step()
    assert len(bench.seen()) == 399

    slow, waits = _working(bench)
    shared = Process(bench, subscriber=slow, pool=waits)
    shared.log.deal()
    shared.settle()
    bench.journal.submit("later")
    shared.log.carry()
    shared.settle()

    assert set(waits.waiting) == {1, 401}


STEPS = st.lists(
    st.sampled_from(["write", "carry", "repeat", "away", "back", "trim", "deal", "swap", "step", "restart"]),
    min_size=5,
    max_size=40,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(STEPS, st.randoms(use_true_random=False))
def test_whatever_happens_to_log_and_processes_each_event_has_one_effect(
    tmp_path: Path, steps: list[str], chance: random.Random
) -> None:
    bench = Bench(_folder(tmp_path))
    pair = _Pair(bench, chance)
    for step in steps:
        getattr(pair, step)()

    pair.end()

    expected: dict[object, list[object]] = {}
    for record in bench.journal.records:
        expected.setdefault((record.stream, record.subject), []).append(record.position)
    assert _by_stream_and_key(bench) == expected
    bench.store.close()


class _Pair:
    """Two processes on one database, whose group deals partitions out as it likes."""

    def __init__(self, bench: Bench, chance: random.Random) -> None:
        self._bench = bench
        self._chance = chance
        self._both = [self._started(), self._started()]

    def _started(self, log: MemoryLog | None = None) -> Process:
        return Process(self._bench, log, subscriber=_of_two_streams(self._bench))

    def write(self) -> None:
        for _ in range(5):
            message = self._chance.choice([v.CaseSubmitted(by="client"), v.PictureGraded()])
            self._bench.journal.write(message, f"case-{self._chance.randrange(12)}")

    def carry(self) -> None:
        self._logs(lambda log: log.carry())

    def repeat(self) -> None:
        self._logs(lambda log: log.carry(3, repeat=2))

    def away(self) -> None:
        self._logs(lambda log: setattr(log, "away", True))

    def back(self) -> None:
        self._logs(lambda log: setattr(log, "away", False))

    def trim(self) -> None:
        self._logs(lambda log: log.trim())

    def deal(self) -> None:
        numbers = range(8)
        cut = self._chance.randrange(9)
        for process, mine in zip(self._both, (numbers[:cut], numbers[cut:]), strict=True):
            process.log.deal(*mine) if mine else process.log.take_away()

    def swap(self) -> None:
        self._both.reverse()

    def step(self) -> None:
        self._chance.choice(self._both).runner.step()

    def restart(self) -> None:
        old = self._both[0]
        self._both[0] = self._started(old.log)
        old.log.take_away()
        old.store.close()

    def end(self) -> None:
        self.back()
        self.carry()
        self.deal()
        for _ in range(2):
            for process in self._both:
                process.settle()
        for process in self._both:
            process.store.close()

    def _logs(self, do: Callable[[MemoryLog], object]) -> None:
        for process in self._both:
            do(process.log)


def _folder(parent: Path) -> Path:
    folder = parent / str(time.monotonic_ns())
    folder.mkdir()
    return folder
