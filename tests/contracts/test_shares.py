"""Whichever database it is: each partition of a subscriber has one owner, whose word alone moves it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from protocol.ids import to_us
from subscriber import Store, Superseded, TurnOver
from subscriber.ledger import Ledger
from subscriber.partitions import Partition, partitions_of
from subscriber.progress import Progress
from subscriber.shares import Line, Shares
from subscriber.skips import Skip, Skips, skipped
from subscriber.source import Stray
from tests.contracts.test_stores import CAUSE, NOW, ledger, store

__all__ = ["ledger", "store"]

pytestmark = [pytest.mark.django_db(databases="__all__")]
P1, P2 = Partition("verification.case", 1), Partition("verification.case", 2)


@pytest.fixture
def shares(store: Store, ledger: Ledger) -> Shares:
    return Shares(store, "s", ["verification.case"])


def _at(line: Line, position: int) -> Line:
    line.progress.looked(position)
    return line


def test_a_partition_starts_where_the_whole_was_with_what_was_done_above(
    ledger: Ledger, shares: Shares
) -> None:
    progress = Progress(read=4, done=frozenset({6}))
    ledger.save("aaaaaaaa", progress, 3)

    lines, streak = shares.claim([P1])

    line = lines[P1]
    assert (line.epoch, line.progress.floor, line.progress.done, streak) == ("aaaaaaaa", 4, {6}, 3)


def test_a_partition_is_read_back_as_it_was_saved(shares: Shares) -> None:
    lines, _ = shares.claim([P1])
    line = _at(lines[P1], 7)
    line.epoch, line.read_us = "aaaaaaaa", to_us(NOW)
    shares.save([(P1, line)])

    again, _ = shares.claim([P1])

    assert (again[P1].epoch, again[P1].progress.floor, again[P1].read_us) == ("aaaaaaaa", 7, to_us(NOW))


def test_only_the_last_to_claim_a_partition_can_move_it(shares: Shares) -> None:
    old, _ = shares.claim([P1, P2])
    shares.claim([P2])

    shares.save([(P1, _at(old[P1], 3))])
    with pytest.raises(TurnOver, match=r"partition 2 of verification\.case"):
        shares.save([(P2, _at(old[P2], 3))])


def test_a_claim_ends_the_turn_of_whoever_follows_the_whole(ledger: Ledger, shares: Shares) -> None:
    shares.claim([P1])

    with pytest.raises(Superseded):
        ledger.save("aaaaaaaa", Progress(read=1), 0)


def test_following_the_whole_ends_every_partitions_turn(store: Store, shares: Shares) -> None:
    lines, _ = shares.claim([P1])
    shares.save([(P1, _at(lines[P1], 5))])

    whole = Ledger(store, "s")
    whole.open()

    assert whole.ahead == {P1: 5}
    with pytest.raises(TurnOver):
        shares.save([(P1, _at(lines[P1], 6))])


def test_the_floor_is_the_least_of_all_partitions_once_each_has_a_row(store: Store, shares: Shares) -> None:
    every = sorted(partitions_of(["verification.case"]))
    for count in (4, 8):
        lines, _ = shares.claim(every[:count])
        shares.save([(p, _at(line, 10 + p.number)) for p, line in lines.items()])
        shares.settle()
        if count < len(every):
            assert store.execute("SELECT floor FROM subscriber_checkpoint") == [(0,)]

    assert store.execute("SELECT floor FROM subscriber_checkpoint") == [(10,)]


def test_a_member_fires_only_the_timers_that_are_its_own(ledger: Ledger) -> None:
    for n in range(250):
        ledger.set_timer(NOW + timedelta(seconds=n), "t", f"key-{n}", cause=CAUSE, correlation="")

    due = ledger.due(
        to_us(NOW + timedelta(seconds=249)), 100, lambda key, _at_us: key in {"key-3", "key-240"}
    )

    assert [timer.key for timer in due] == ["key-3", "key-240"]


def test_what_was_passed_over_is_counted_over_restarts(store: Store, ledger: Ledger) -> None:
    for times in (2, 3):
        skips = Skips(store, "s")
        skips.note_unseen(Skip.DONE_BEFORE, times)
        with store.transaction():
            skips.save()
        skips.saved()
        assert not skips.waiting

    assert [(one.why, one.records) for one in skipped(store, "s")] == [("done before", 5)]


def test_bytes_that_are_no_event_are_kept_once(store: Store, ledger: Ledger) -> None:
    stray = Stray(
        topic="t.v1", number=1, offset=9, key=b"\xff", value=b"\0\xfe", headers=(("h", b"\xfd"),), reason="r"
    )

    assert ledger.set_aside(stray, now=NOW)
    assert not ledger.set_aside(stray, now=NOW)

    ((value, headers),) = store.execute("SELECT value, headers FROM subscriber_stray")
    assert (bytes(value), headers) == (b"\0\xfe", '[["h", "\\u00fd"]]')
