"""A journal put back from a back-up: whoever saw more is told from where, and nobody passes an event over."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subscriber import EpochChanged, Lineage, Undeclared
from subscriber.lineage import joined
from tests.subscriber.makers import Bench

THREE = Lineage(((1, "aaaaaaaa"), (101, "bbbbbbbb"), (151, "cccccccc")))


@pytest.mark.parametrize(
    ("epoch", "position", "common"),
    [
        ("aaaaaaaa", 90, 90),
        ("aaaaaaaa", 100, 100),
        ("aaaaaaaa", 130, 100),
        ("bbbbbbbb", 170, 150),
        ("cccccccc", 170, 170),
        ("dddddddd", 70, 0),
    ],
)
def test_what_two_histories_share_ends_where_the_next_epoch_begins(
    epoch: str, position: int, common: int
) -> None:
    assert THREE.common(epoch, position) == common


def _told(
    epoch: str, position: int, journal: list[tuple[str, int]], starts: list[tuple[int, str]]
) -> EpochChanged | None:
    try:
        joined(epoch, position, starts[-1][1], len(journal), Lineage(tuple(starts)))
    except EpochChanged as told:
        return told
    return None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(data=st.data())
def test_of_any_restores_a_reader_goes_on_only_if_all_it_saw_is_still_there(data: st.DataObject) -> None:
    journal = [("e0", n) for n in range(1, 1 + data.draw(st.integers(1, 20)))]
    starts = [(1, "e0")]
    read = data.draw(st.integers(1, len(journal)))
    seen, epoch = journal[:read], "e0"
    for turn in range(1, 1 + data.draw(st.integers(1, 3))):
        kept = data.draw(st.integers(1, len(journal)))
        starts = [(first, name) for first, name in starts if first <= kept]
        starts.append((kept + 1, f"e{turn}"))
        grown = data.draw(st.integers(1, 10))
        journal = [*journal[:kept], *((f"e{turn}", kept + n) for n in range(1, grown + 1))]

    told = _told(epoch, len(seen), journal, starts)

    assert (told is None) == (journal[: len(seen)] == seen)
    if told is not None:
        assert journal[: told.common] == seen[: told.common]


def test_a_checkpoint_ahead_of_the_back_up_is_told_where_both_agree(bench: Bench) -> None:
    bench.journal.submit(*"abcd")
    bench.runner().step()
    bench.journal.restore(2, "bbbbbbbb")
    bench.journal.submit(*"xyz")

    with pytest.raises(EpochChanged, match="common is what lies up to 2") as told:
        bench.runner().step()

    assert (told.value.position, told.value.common) == (4, 2)
    assert bench.positions() == [1, 2, 3, 4]


def test_a_checkpoint_within_the_back_up_goes_on_in_the_new_epoch(bench: Bench) -> None:
    bench.journal.submit(*"abc")
    bench.runner().step()
    bench.journal.restore(3, "bbbbbbbb")
    bench.journal.submit("x")

    bench.runner().step()

    assert bench.seen() == [("a", 1), ("b", 2), ("c", 3), ("x", 4)]
    assert bench.store.execute("SELECT epoch FROM subscriber_checkpoint") == [("bbbbbbbb",)]


def test_a_restored_journal_that_nobody_declared_is_refused_though_it_grew_again(bench: Bench) -> None:
    bench.journal.submit(*"abcd")
    bench.runner().step()
    bench.journal.restore(2, bench.journal.epoch)
    bench.journal.submit(*"xyzuvw")
    for record in bench.journal.records[2:]:
        record.id = record.id[::-1]

    with pytest.raises(Undeclared, match=r"manage\.py journal restored"):
        bench.runner().step()

    assert bench.positions() == [1, 2, 3, 4]


def test_a_restore_declared_only_after_new_events_is_refused_too(bench: Bench) -> None:
    bench.journal.submit(*"abcd")
    bench.runner().step()
    bench.journal.restore(2, bench.journal.epoch)
    bench.journal.submit(*"xyz")
    bench.journal.records[3].id = b"another event...."[:16]
    bench.journal.restore(5, "bbbbbbbb")

    with pytest.raises(EpochChanged):
        bench.runner().step()


def test_the_witness_is_the_last_finished_event(bench: Bench) -> None:
    bench.journal.submit(*"abc")

    bench.runner().step()

    ((position, id_),) = bench.store.execute("SELECT position, id FROM subscriber_witness")
    assert (position, id_) == (3, bench.journal.records[2].id)
