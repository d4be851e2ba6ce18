"""A case that found no room in the client's cap asks again when there is some, without waiting for a fact."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.decisions import room, service
from consumers.decisions.room import Room, Wish
from protocol.checks import Check
from protocol.envelope import Event
from protocol.ids import to_us
from protocol.schemas import verification_v1_pb2 as verification
from subscriber import FileVersions, SqliteStore
from subscriber import Service as Described
from subscriber.rebuild import rebuild
from tests.consumers.decisions.histories import START
from tests.consumers.decisions.test_trust_served import (
    ON_TRUST,
    UNTIL_S,
    Bench,
    answered,
    dial,
    history,
    one,
    reserved,
    words,
)
from tests.consumers.journal import MemoryJournal

NO_ROOM = ["refer provisional+"]
LET_IN = [*NO_ROOM, *ON_TRUST]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.service.store.close()


def queue(bench: Bench, *, cap: str = "20.00", cases: int = 3) -> None:
    """Have cases of 20 pounds ask for trust, one each ten seconds."""
    bench.go(dial(1, cap))
    for place in range(1, cases + 1):
        bench.go(*history(place, at_s=10 * place), at_s=10 * place)


def said(bench: Bench, *places: int) -> list[list[str]]:
    return [words(bench.journal, place) for place in places]


def test_what_is_given_back_goes_to_the_case_that_has_waited_longest(bench: Bench) -> None:
    queue(bench)
    assert said(bench, 1, 2, 3) == [ON_TRUST, NO_ROOM, NO_ROOM]

    bench.go(answered(1, "clear", at_s=60), at_s=60)

    assert said(bench, 2, 3) == [LET_IN, NO_ROOM]
    assert bench.stands(60) == [(Decimal("20.00"), 1, "20.00")]


@pytest.mark.parametrize("ends", [verification.ReviewConcluded(outcome="decline", by="client"), None])
def test_room_comes_however_an_approval_on_trust_ends(
    bench: Bench, ends: verification.ReviewConcluded | None
) -> None:
    bench.go(dial(1, "20.00"), *history(1))
    bench.go(*history(2, until_s=UNTIL_S + 60, at_s=20), at_s=30)

    bench.go(*([] if ends is None else [one(1, ends, 50, at_s=UNTIL_S)]), at_s=UNTIL_S)

    assert said(bench, 2) == [LET_IN]


@pytest.mark.parametrize(("cap", "up_to"), [("60.00", ""), ("40.00", "20.00"), ("500.00", "")])
def test_a_cap_that_is_raised_lets_in_as_many_as_it_has_room_for(bench: Bench, cap: str, up_to: str) -> None:
    queue(bench)

    bench.go(dial(2, cap, up_to=up_to), at_s=60)

    assert said(bench, 2, 3) == [LET_IN, LET_IN if cap != "40.00" else NO_ROOM]


def test_a_dial_that_lets_one_case_take_more_lets_it_in(bench: Bench) -> None:
    bench.go(dial(1, "500.00", up_to="19.99"), *history(1))
    assert said(bench, 1) == [NO_ROOM]

    bench.go(dial(2, "500.00"), at_s=30)

    assert said(bench, 1) == [LET_IN]


def test_a_case_that_is_too_large_lets_those_behind_it_pass(bench: Bench) -> None:
    bench.go(dial(1, "20.00"), *history(1))
    bench.go(*history(2, stake="20.01", at_s=20), *history(3, stake="15.00", at_s=21), at_s=22)

    bench.go(answered(1, "clear", at_s=60), at_s=60)

    assert said(bench, 2, 3) == [NO_ROOM, [*NO_ROOM, "approve provisional+", "reserved 15.00"]]


def test_a_case_that_no_longer_waits_is_let_in_no_more(bench: Bench) -> None:
    queue(bench)
    bench.go(answered(2, "clear", at_s=40), at_s=40)
    bench.go(one(3, verification.CaseWithdrawn(by="client"), 50, at_s=45), at_s=45)

    bench.go(answered(1, "clear", at_s=60), at_s=60)

    assert said(bench, 2, 3) == [[*NO_ROOM, "approve final"], NO_ROOM]
    assert bench.service.store.execute("SELECT * FROM trust_wishes") == []


def test_a_case_whose_waiting_is_over_is_let_in_no_more(bench: Bench) -> None:
    bench.go(dial(1, "20.00"), *history(1), *history(2, until_s=50, at_s=20), at_s=20)

    bench.go(answered(1, "clear", at_s=60), at_s=60)

    assert said(bench, 2) == [NO_ROOM]


def test_an_applicant_who_had_trust_in_this_outage_waits_for_no_room(bench: Bench) -> None:
    bench.go(dial(1, "20.00"), *history(1, applicant="ada"), *history(2, applicant="ada", at_s=20))

    assert said(bench, 2) == [NO_ROOM]
    assert bench.service.store.execute("SELECT * FROM trust_wishes") == []


def test_restarted_between_the_wish_and_the_room_nothing_is_forgotten(bench: Bench) -> None:
    queue(bench)
    bench.restart()

    bench.go(answered(1, "clear", at_s=60), at_s=60)
    bench.restart()
    bench.go(answered(2, "clear", at_s=70), at_s=70)

    assert said(bench, 2, 3) == [[*LET_IN, "approve final", "released"], LET_IN]


def test_while_the_coordinator_is_away_who_is_let_in_waits_and_is_let_in_once(bench: Bench) -> None:
    queue(bench)
    bench.journal.away = True
    bench.journal.append(MemoryJournal([dial(2, "60.00")]).records)
    bench.service.clock_us = to_us(START + timedelta(seconds=60))
    for _ in range(200):
        bench.service.runner.step()
    assert said(bench, 2, 3) == [NO_ROOM, NO_ROOM]

    bench.journal.away = False
    ends_s = time.monotonic() + 10
    while said(bench, 2, 3) != [LET_IN, LET_IN] and time.monotonic() < ends_s:
        bench.service.settle()

    assert said(bench, 2, 3) == [LET_IN, LET_IN]
    assert bench.stands(60) == [(Decimal("60.00"), 3, "60.00")]


def test_started_late_it_lets_in_whom_it_would_have_let_in(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "late").mkdir()
    late = Bench(tmp_path / "late")
    queue(bench)
    bench.go(answered(1, "clear", at_s=60), at_s=60)
    bench.go(answered(2, "clear", at_s=70), at_s=70)
    events = [event for n in (1, 2, 3) for event in history(n, at_s=10 * n)]

    late.go(dial(1, "20.00"), *events, answered(1, "clear", at_s=60), answered(2, "clear", at_s=70), at_s=80)

    assert said(late, 1, 2, 3) == said(bench, 1, 2, 3)
    late.service.store.close()


def test_made_anew_the_same_cases_wait_for_room(bench: Bench, tmp_path: Path) -> None:
    bench.go(dial(1, "20.00"))
    for place in (1, 2, 3):
        bench.go(*history(place, at_s=10 * place, until_s=1e9), at_s=10 * place)
    bench.go(answered(1, "clear", at_s=60), at_s=60)
    before, heard = rows(bench), len(bench.journal.records)
    bench.service.store.close()

    rebuild(
        Described(
            subscriber=service.subscriber(),
            versions=FileVersions(tmp_path / "decisions.sqlite3"),
            prepare=service.prepare,
            source=lambda: bench.journal,
        )
    )
    bench.restart()
    # What was due since the last event is for the version that lives: it says it again, which is no news.
    bench.go(at_s=60)

    assert (rows(bench), len(bench.journal.records)) == (before, heard)
    assert len(before["trust_wishes"]) == 1
    bench.go(answered(2, "clear", at_s=70), at_s=70)
    assert said(bench, 3) == [LET_IN]


def rows(bench: Bench) -> dict[str, list[str]]:
    asked = {name: f"SELECT * FROM {name}" for name in ("trust", "trust_wishes", "dockets")}
    return {name: sorted(map(repr, bench.service.store.execute(sql))) for name, sql in asked.items()}


STAKES = st.lists(st.sampled_from(["0.00", "10.00", "20.00", "35.00", "60.00"]), min_size=2, max_size=7)


@given(stakes=STAKES, data=st.data())
@settings(deadline=None, max_examples=25)
def test_whatever_comes_the_cap_holds_each_is_let_in_once_and_no_room_is_left_to_who_waits(
    tmp_path_factory: pytest.TempPathFactory, stakes: list[str], data: st.DataObject
) -> None:
    bench, cap, events = Bench(tmp_path_factory.mktemp("room")), Decimal("50.00"), list[Event]()
    for place, stake in enumerate(stakes, 1):
        events += [*history(place, stake=stake, at_s=10)[-1:], answered(place, "clear", at_s=15)]
    bench.go(dial(1, str(cap)))
    for place, stake in enumerate(stakes, 1):
        bench.go(*history(place, stake=stake)[:-1])

    for event in data.draw(st.permutations(events)):
        bench.go(event)
        ((amount, _, _),) = bench.stands()
        waiting = bench.service.store.execute("SELECT amount FROM trust_wishes")
        assert amount <= cap
        assert amount == reserved(bench.journal)
        assert all(amount + Decimal(str(stake)) > cap for (stake,) in waiting)

    assert all(one.count("approve provisional+") <= 1 for one in said(bench, *range(1, len(stakes) + 1)))
    assert all(one[-1] in {"approve final", "released"} for one in said(bench, *range(1, len(stakes) + 1)))
    bench.service.store.close()


def wish(*, live: bool = True, currency: str = "GBP", client: str = "cl_1") -> Wish:
    return Wish(
        client=client,
        live=live,
        applicant="ada",
        amount="10.00",
        currency=currency,
        check=Check.REGISTER,
        until_us=900,
    )


@pytest.mark.parametrize("other", [wish(live=False), wish(currency="EUR"), wish(client="cl_2")])
def test_room_of_one_client_of_live_cases_and_of_a_currency_is_nobody_elses(other: Wish) -> None:
    store, called = SqliteStore(Path(":memory:")), list[str]()
    room.prepare(store)
    store.execute("INSERT INTO trust_limits VALUES ('cl_1', 'GBP', '35.00', '')")
    room.join(store.execute, "other", other, 1)
    room.join(store.execute, "ours", wish(), 2)

    Room(store.execute, "cl_1", True, "GBP", 5).let_in(called.append)

    assert called == ["ours"]


@given(order=st.permutations(range(1, 7)), cap=st.integers(0, 70))
@settings(deadline=None, max_examples=30)
def test_as_many_are_called_as_there_is_room_for_in_the_order_of_their_wishes(
    order: list[int], cap: int
) -> None:
    store, called = SqliteStore(Path(":memory:")), list[str]()
    room.prepare(store)
    store.execute("INSERT INTO trust_limits VALUES ('cl_1', 'GBP', ?, '')", (str(cap),))
    for place in order:
        room.join(store.execute, f"case-{place}", wish(), place)

    Room(store.execute, "cl_1", True, "GBP", 5).let_in(called.append)

    assert called == [f"case-{place}" for place in range(1, min(6, cap // 10) + 1)]
