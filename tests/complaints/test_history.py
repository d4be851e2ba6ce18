"""Complaints about replays that acted again, and about records that vanished without a trace."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from protocol.schemas import verification_v1_pb2 as v
from protocol.schemas.journal_v1_pb2 import Record
from subscriber import Handler, Mode
from subscriber.rebuild import rebuild
from subscriber.skips import skipped
from tests.subscriber.house import House
from tests.subscriber.makers import START, Bench, says


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(str(tmp_path / "service.sqlite3"))
    house.journal.submit(*"abcabc")
    house.journal.write(v.CaseWithdrawn(), "a")
    house.journal.submit(*"cab")
    with house.live() as settle:
        settle()
    return house


def test_replay_from_record_1_makes_zero_outbound_calls(house: House) -> None:
    called, said = list(house.called), dict(house.home.said)

    rebuild(house.service)
    with house.live() as settle:
        settle()

    assert (house.called, house.home.said) == (called, said)
    assert called == ["a"]


def test_replay_from_record_1_gives_the_same_projection_hash_as_live(house: House) -> None:
    live = house.fingerprint()

    rebuild(house.service)
    with house.live() as settle:
        settle()

    assert house.version == 2
    assert house.fingerprint() == live


def test_a_reaction_left_out_of_a_replay_is_counted_in_a_row(house: House) -> None:
    rebuild(house.service)

    with closing(house.open()) as store:
        found = [(one.why, one.records) for one in skipped(store, "s")]

    assert found == [("no reaction in a rebuild", 1)]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def _skipped(bench: Bench) -> list[tuple[str, str, int, int, int]]:
    return [
        (one.why, one.type, one.records, one.first_position, one.last_position)
        for one in skipped(bench.store, "s")
    ]


def _of_a_type_to_come(bench: Bench) -> Record:
    record = bench.journal.write(v.CaseSubmitted(), "a")
    record.type = "vouch.verification.v9.NotYetKnown"
    return record


def test_a_record_skipped_for_its_unknown_type_has_a_counter_and_a_row(bench: Bench) -> None:
    bench.journal.submit("a")
    for _ in range(3):
        _of_a_type_to_come(bench)
    runner = bench.runner()

    runner.step()
    runner.settle()

    assert runner.counts("s").unknown == 3
    assert _skipped(bench) == [("unknown type", "vouch.verification.v9.NotYetKnown", 3, 2, 4)]


def test_a_record_too_old_to_react_to_has_a_counter_and_a_row(bench: Bench) -> None:
    bench.journal.submit("a", "b")
    reacting = Handler((v.CaseSubmitted,), says, mode=Mode.REACT)
    runner = bench.runner(bench.subscriber(reacting, react_since=START.replace(year=2027)))

    runner.step()
    runner.settle()

    assert runner.counts("s").too_old == 2
    assert [(why, records) for why, _, records, *_ in _skipped(bench)] == [("too old to react to", 2)]


def test_a_record_done_before_has_a_counter_and_a_row(bench: Bench) -> None:
    bench.journal.submit("a", "b", "c")
    bench.runner().step()
    bench.store.execute("UPDATE subscriber_checkpoint SET floor = 1, done = ?", (b"[2, 3]",))
    runner = bench.runner()

    runner.step()
    runner.settle()

    assert bench.positions() == [1, 2, 3]
    assert runner.counts("s").repeated == 2
    assert [(why, records) for why, _, records, *_ in _skipped(bench)] == [("done before", 2)]
