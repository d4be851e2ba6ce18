"""Complaints of consumers that lose, double, stall, swallow or never stop, on a real Kafka."""

from __future__ import annotations

import hashlib
import os
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as v
from protocol.schemas.journal_v1_pb2 import Record
from subscriber import Context, Handler, Mode, NotNow, ThreadPool
from subscriber.kafka import KafkaLog
from subscriber.member import Member
from subscriber.partitions import number_of
from subscriber.skips import skipped
from tests.servers.kafka import Cluster
from tests.subscriber.conftest import bench, carrier, topics
from tests.subscriber.groups import (
    QUICK,
    STREAMS,
    Process,
    all_seen,
    by_key,
    expected,
    of_today,
    running,
    until,
    write,
)
from tests.subscriber.makers import Bench, says
from tests.subscriber.wire import Carrier

__all__ = ["bench", "carrier", "topics"]

pytestmark = pytest.mark.slow


def _raises(*_given: object) -> None:
    raise ValueError


def _position(event: Event, _ctx: Context) -> object:
    return event.envelope.position


def _floors(bench: Bench) -> list[tuple[object, ...]]:
    asked = "SELECT stream, number, floor FROM subscriber_partition ORDER BY stream, number"
    return [tuple(row) for row in bench.store.execute(asked)]


def _beside(case: str) -> str:
    """Name another case of the same partition."""
    wanted = number_of(case, 8)
    return next(name for n in range(1000) if number_of(name := f"other-{n}", 8) == wanted)


def test_complaint_9_the_place_does_not_pass_an_event_whose_handler_raises(
    bench: Bench, topics: Cluster, carrier: Carrier
) -> None:
    def once(*_given: object) -> None:
        raise NotNow("something it needs is away")

    bench.journal.submit("a")
    carrier.carry()
    failing = bench.subscriber(Handler((v.CaseSubmitted,), once))
    with running(bench, topics, subscriber=failing) as processes:
        until(processes, lambda: processes[0].source.by_log)
    assert ("verification.case", number_of("a", 8), 0) in _floors(bench)

    with running(bench, topics) as processes:
        until(processes, lambda: all_seen(bench))

    assert bench.seen() == [("a", 1)]


def test_complaint_10_no_dead_letter_can_be_written_so_it_stops_and_nothing_is_lost(
    bench: Bench, topics: Cluster, carrier: Carrier
) -> None:
    write(bench, 3)
    carrier.carry()
    with running(bench, topics) as processes:
        until(processes, lambda: all_seen(bench))
    bench.store.execute(
        "CREATE TRIGGER no_letters BEFORE INSERT ON subscriber_dead_letter "
        "BEGIN SELECT RAISE(ABORT, 'no room'); END"
    )
    bench.journal.submit("bad")
    carrier.carry()
    failing = bench.subscriber(Handler((v.CaseSubmitted,), _raises))
    with (
        running(bench, topics, subscriber=failing) as processes,
        pytest.raises(sqlite3.IntegrityError, match="no room"),
    ):
        until(processes, lambda: False)

    with running(bench, topics) as processes:
        until(processes, lambda: all_seen(bench))

    assert by_key(bench) == expected(bench)
    assert bench.letters() == []


def test_complaint_11_a_dead_letter_has_the_original_bytes(
    bench: Bench, topics: Cluster, carrier: Carrier
) -> None:
    bench.journal.submit("bad")
    carrier.carry()
    failing = bench.subscriber(Handler((v.CaseSubmitted,), _raises))
    with running(bench, topics, subscriber=failing) as processes:
        until(processes, lambda: processes[0].runner.counts("s").buried == 1)

    ((data,),) = bench.store.execute("SELECT record FROM subscriber_dead_letter")

    assert Record.FromString(data) == bench.journal.records[0]


def test_complaint_12_a_bad_deploy_is_stopped_and_the_process_ends_with_an_error(
    topics: Cluster, tmp_path: Path
) -> None:
    bench = of_today(Bench(tmp_path))
    write(bench, 60, keys=60)
    Carrier(topics, bench.journal, STREAMS).carry()
    (tmp_path / "journal").write_bytes(_framed(bench.journal.records))

    ended = subprocess.run(
        [sys.executable, "-m", "tests.complaints.bad_deploy", str(tmp_path)],
        env={**os.environ, **topics.server.environment()},
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode != 0
    assert b"BreakerOpen" in ended.stderr
    assert len(bench.letters()) == 19
    bench.store.close()


def _framed(records: list[Record]) -> bytes:
    return b"".join(len(d := r.SerializeToString()).to_bytes(4, "big") + d for r in records)


@pytest.mark.timeout(600)
def test_complaint_13_memory_is_flat_over_a_hundred_rebalances_and_100_000_messages(
    bench: Bench, topics: Cluster, carrier: Carrier
) -> None:
    # Written a second apart: the last must not lie in the future, which Kafka refuses.
    bench.journal.start -= timedelta(days=2)
    quiet = bench.subscriber(Handler((v.CaseSubmitted,), lambda *_given: None))
    with running(bench, topics, subscriber=quiet) as processes:
        (stays,) = processes
        until(processes, lambda: stays.source.by_log)
        _rebalance(stays, topics, 20)
        _flood(bench, carrier, stays, 20_000)
        before_kb = _memory_kb()

        _rebalance(stays, topics, 80)
        _flood(bench, carrier, stays, 80_000)
        grown_kb = _memory_kb() - before_kb

    assert stays.log.generation >= 100
    assert stays.runner.counts("s").handled == 100_000
    assert grown_kb < 20_000


def _memory_kb() -> int:
    with Path("/proc/self/statm").open() as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() // 1024


def _rebalance(stays: Process, cluster: Cluster, times: int) -> None:
    """Have another member come or go, so many times."""
    until_generation = stays.log.generation + times
    while stays.log.generation < until_generation:
        other = KafkaLog(cluster.settings, "s", STREAMS, QUICK)
        while other.generation == 0:
            other.pull(0)
            stays.runner.step()
        other.close()
        until([stays], lambda: stays.owned == 16)


def _flood(bench: Bench, carrier: Carrier, stays: Process, count: int) -> None:
    """Send events; the journal in memory forgets them, as it would be what grows."""
    until([stays], lambda: stays.source.by_log)
    begun = stays.runner.counts("s").handled
    for done in range(begun + 2_000, begun + count + 1, 2_000):
        write(bench, 2_000, keys=500)
        carrier.carry()
        until([stays], partial(_has_handled, stays, done), within_s=60)
        bench.journal.forget()


def _has_handled(process: Process, count: int) -> bool:
    return process.runner.counts("s").handled >= count


@pytest.mark.timeout(120)
def test_complaint_14_work_longer_than_the_poll_limit_is_done_once_and_keeps_its_place(
    bench: Bench, topics: Cluster, carrier: Carrier
) -> None:
    options = {"max.poll.interval.ms": 6_000, "session.timeout.ms": 6_000}
    begun: list[object] = []

    def for_nine_seconds(given: object) -> object:
        begun.append(given)
        time.sleep(9)
        return given

    handler = Handler((v.CaseSubmitted,), says, gather=_position, work=for_nine_seconds)
    process = Process(bench, topics, bench.subscriber(handler), ThreadPool(2), options)
    until([process], lambda: process.source.by_log)
    generation = process.log.generation
    bench.journal.submit("a")
    carrier.carry()

    until([process], lambda: all_seen(bench))
    dealt_again = process.log.generation - generation
    process.end()

    assert begun == [1]
    assert dealt_again == 0
    assert bench.seen() == [("a", 1)]


def test_complaint_15_a_save_after_a_lost_assignment_cannot_move_the_place_back(
    bench: Bench, topics: Cluster, carrier: Carrier
) -> None:
    write(bench, 100)
    carrier.carry()
    lost = Process(bench, topics)
    until([lost], lambda: all_seen(bench) and lost.source.by_log)
    write(bench, 100)
    carrier.carry()
    heir = Process(bench, topics)
    heir.runner._open()
    inherits, loses = heir.runner._followers["s"], lost.runner._followers["s"]
    assert isinstance(inherits, Member)
    assert isinstance(loses, Member)
    inherits._claim(lost.source.share(loses.wanted))
    saved = _floors(bench)

    lost.runner._save(at_once=True)
    for _ in range(50):
        lost.runner.step()

    assert _floors(bench) == saved
    assert len(bench.seen()) == 100
    for process in (lost, heir):
        process.end()


def test_complaint_16_a_catch_up_from_record_1_calls_nobody_and_ends_with_the_same_rows(
    topics: Cluster, tmp_path: Path
) -> None:
    outbound: dict[str, list[int]] = {"live": [], "late": []}
    live, late = (of_today(Bench(_folder(tmp_path / name))) for name in outbound)
    late.journal = live.journal
    followers = {name: _calls(outbound[name]) for name in outbound}
    write(live, 200)
    Carrier(topics, live.journal, STREAMS).carry()
    began = datetime.now(UTC) + timedelta(hours=1)
    for name, place in (("live", live), ("late", late)):
        react = Handler((v.CaseWithdrawn,), followers[name], mode=Mode.REACT)
        project = Handler((v.CaseSubmitted,), says)
        since = began if name == "late" else None
        with running(place, topics, subscriber=place.subscriber(project, react, react_since=since)) as both:
            until(both, lambda place=place: len(place.seen()) == 200)  # type: ignore[misc]  # the round's own

    assert _hash(live) == _hash(late)
    assert outbound["late"] == []


def _calls(out: list[int]) -> Callable[[Event, object, Context], None]:
    return lambda event, _value, _ctx: out.append(event.envelope.position)


def _hash(bench: Bench) -> str:
    rows = bench.store.execute("SELECT subject, position, what FROM seen ORDER BY position")
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def test_complaint_21_whatever_is_passed_over_is_counted_in_a_row(
    bench: Bench, topics: Cluster, carrier: Carrier
) -> None:
    def bad(event: Event, value: object, ctx: Context) -> None:
        if event.envelope.subject == "bad":
            raise ValueError
        says(event, value, ctx)

    write(bench, 10)
    carrier.carry()
    with running(bench, topics, subscriber=bench.subscriber(Handler((v.CaseSubmitted,), bad))) as processes:
        until(processes, lambda: all_seen(bench) and processes[0].source.by_log)
        bench.journal.submit("bad", "bad")
        bench.journal.write(v.CaseSubmitted(), "c").type = "vouch.verification.v1.Unheard"
        carrier.carry(again=5)
        carrier.throw("verification.case.v1", b"\xff")
        counts = processes[0].runner.counts("s")
        until(processes, lambda: bool(counts.strays and counts.unknown and counts.parked and counts.repeated))

    passed = {one.why: one.records for one in skipped(bench.store, "s")}

    assert passed["unknown type"] == 1
    assert passed["done before"] >= 5
    assert len(bench.store.execute("SELECT * FROM subscriber_dead_letter")) == 2
    assert len(bench.store.execute("SELECT * FROM subscriber_stray")) == 1


def test_complaint_22_a_poisoned_case_delays_another_of_its_partition_by_no_more_than_one_try(
    bench: Bench, topics: Cluster, carrier: Carrier
) -> None:
    tries: list[int] = []
    other, tries_before_other = _beside("bad"), []

    def bad(event: Event, value: object, ctx: Context) -> None:
        if event.envelope.subject == "bad":
            tries.append(event.envelope.position)
            raise ValueError
        tries_before_other.append(len(tries))
        says(event, value, ctx)

    with running(bench, topics, subscriber=bench.subscriber(Handler((v.CaseSubmitted,), bad))) as processes:
        until(processes, lambda: processes[0].source.by_log)
        bench.journal.submit("bad", other)
        carrier.carry()
        until(processes, lambda: bool(bench.seen()))

    # One try together with the other event, in one transaction, and one by itself.
    assert 1 <= tries_before_other[-1] <= 2
