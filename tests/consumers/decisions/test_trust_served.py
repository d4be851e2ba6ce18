"""Trust as the service gives it: over many cases, in one unit, killed, late, its coordinator away."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.decisions import service
from consumers.decisions.service import SPEC
from consumers.decisions.trust import exposures
from protocol.envelope import Event, from_record
from protocol.ids import to_us
from protocol.schemas import client_v1_pb2 as client
from protocol.schemas import decisions_v1_pb2 as decisions
from protocol.schemas.journal_v1_pb2 import Record
from subscriber import CoordinatorAway, FileVersions
from subscriber import Service as Described
from subscriber.rebuild import rebuild
from tests.changing import changed
from tests.consumers.decisions.histories import (
    CLIENT,
    START,
    but_register,
    check,
    evidence,
    number,
    opening,
    short,
    waiting,
)
from tests.consumers.journal import MemoryJournal, Service

UNTIL_S = 900.0
ON_TRUST = ["approve provisional+", "reserved 20.00"]


class Home(MemoryJournal):
    """A journal that keeps what came together, and whose coordinator is away as a test says."""

    def __init__(self) -> None:
        self.units: list[list[str]] = []
        self.away = False
        super().__init__()

    def require_coordinator(self) -> None:
        """Answer a service that asks first."""
        if self.away:
            raise CoordinatorAway("away")

    def append(self, records: Sequence[Record]) -> None:
        """Take records, and note which came together."""
        self.units.append([record.type.rpartition(".")[2] for record in records])
        super().append(records)


def dial(keyseq: int, *caps: str, up_to: str = "") -> Event:
    """Set the client's dial; without a cap: off."""
    limits = [client.TrustLimit(currency="GBP", cap=cap, up_to=up_to) for cap in caps]
    said = client.RegisterDialSet(on=bool(caps), limits=limits)
    return identified(number(said, keyseq, at_s=0, case=CLIENT), 9_000 + keyseq)


def identified(event: Event, id_: int) -> Event:
    return Event(changed(event, id=UUID(int=id_).bytes), event.message)


def history(
    place: int,
    *,
    stake: str = "20.00",
    applicant: str = "",
    at_s: float = 10,
    until_s: float = UNTIL_S,
) -> list[Event]:
    """Give a case of which everything but the register is clear, and the register waits."""
    said = (
        *opening("full", stake=stake),
        evidence("front"),
        *but_register(on=3),
        waiting(on=3, until_s=until_s),
    )
    return [one(place, message, n, applicant=applicant, at_s=at_s) for n, message in enumerate(said, 1)]


def one(place: int, message: Message, keyseq: int, *, applicant: str = "", at_s: float) -> Event:
    name = f"case-{place}"
    event = number(message, keyseq, at_s=at_s, case=name, applicant=applicant or f"person of {name}")
    return identified(event, place * 100 + keyseq)


def answered(place: int, status: str, *, at_s: float, keyseq: int = 50) -> Event:
    return one(place, check("register", status, on=3, final=status != "unavailable"), keyseq, at_s=at_s)


def words(journal: MemoryJournal, place: int) -> list[str]:
    events = (
        from_record(r) for r in journal.records if (r.subject, r.source) == (f"case-{place}", "decisions")
    )
    return [short(event.message) for event in events]


class Bench:
    """A service on a file of its own; `go` gives it events and lets it come to rest at a second."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.journal = Home()
        self.service = Service(SPEC, folder, self.journal, clock_us=to_us(START))

    def go(self, *events: Event, at_s: float = 20) -> None:
        """Take events, and settle at so many seconds after the start."""
        self.journal.append(MemoryJournal(events).records)
        self.service.clock_us = to_us(START + timedelta(seconds=at_s))
        self.service.settle()

    def restart(self) -> None:
        """End the service, and start it anew on the same file."""
        self.service.store.close()
        self.service = Service(SPEC, self._folder, self.journal, clock_us=self.service.clock_us)

    def stands(self, at_s: float = 20) -> list[tuple[Decimal, int, str]]:
        """List what stands on trust."""
        at_us = to_us(START + timedelta(seconds=at_s))
        return [(e.amount, e.cases, e.cap) for e in exposures(self.service.store.execute, at_us)]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.service.store.close()


def test_a_decision_and_what_it_takes_get_home_in_one_unit(bench: Bench) -> None:
    bench.go(dial(1, "500.00"), *history(1))
    bench.go(answered(1, "clear", at_s=60), at_s=60)

    assert ["DecisionReached", "TrustReserved"] in bench.journal.units
    assert ["DecisionReached", "TrustReleased"] in bench.journal.units


def test_an_end_by_the_clock_gets_home_in_one_unit(bench: Bench) -> None:
    bench.go(dial(1, "500.00"), *history(1))
    bench.go(at_s=UNTIL_S)

    assert ["DecisionExpired", "DecisionReached", "TrustReleased"] in bench.journal.units
    assert words(bench.journal, 1) == [*ON_TRUST, "expired", "refer provisional+", "released"]


def test_never_more_than_the_cap_stands_at_once(bench: Bench) -> None:
    bench.go(dial(1, "50.00"), *(event for place in range(1, 6) for event in history(place)))

    assert bench.stands() == [(Decimal("40.00"), 2, "50.00")]
    assert [words(bench.journal, place)[0] for place in range(1, 6)].count("refer provisional+") == 3


def test_what_is_given_back_can_be_taken_again(bench: Bench) -> None:
    bench.go(dial(1, "20.00"), *history(1))
    bench.go(answered(1, "clear", at_s=60), *history(2, at_s=70), at_s=80)

    assert words(bench.journal, 2) == ON_TRUST
    assert bench.stands(80) == [(Decimal("20.00"), 1, "20.00")]


def test_an_applicant_is_trusted_once_in_an_outage_and_again_in_the_next(bench: Bench) -> None:
    bench.go(dial(1, "500.00"), *history(1, applicant="ada"), *history(2, applicant="ada", at_s=30), at_s=30)
    assert words(bench.journal, 2) == ["refer provisional+"]

    bench.go(answered(2, "clear", at_s=60), *history(3, applicant="ada", at_s=70), at_s=70)
    assert words(bench.journal, 3) == ON_TRUST


def test_an_answer_to_somebody_gives_an_applicant_whose_cases_wait_no_second_trust(bench: Bench) -> None:
    *some, late, waits = history(2, applicant="ada")
    bench.go(dial(1, "500.00"), *history(1, applicant="ada"), *some, waits, at_s=20)
    bench.go(answered(9, "clear", at_s=25), at_s=25)

    bench.go(late, at_s=30)

    assert words(bench.journal, 1) == ON_TRUST
    assert words(bench.journal, 2) == ["refer provisional+"]


def test_a_dial_turned_off_lets_what_stands_stand_and_gives_no_more(bench: Bench) -> None:
    bench.go(dial(1, "500.00"), *history(1))
    bench.go(dial(2), *history(2, at_s=30), at_s=30)

    assert words(bench.journal, 1) == ON_TRUST
    assert words(bench.journal, 2) == ["refer provisional+"]
    assert bench.stands() == [(Decimal("20.00"), 1, "")]


def test_started_a_week_late_it_decides_once_and_trusts_nobody_for_what_is_over(bench: Bench) -> None:
    cases = [*history(1), *history(2), *history(3)]
    ends = [answered(1, "clear", at_s=60), answered(2, "rejected", at_s=60)]
    ends.append(answered(3, "unavailable", at_s=UNTIL_S))

    bench.go(dial(1, "500.00"), *cases, *ends, at_s=7 * 86_400)

    said = [words(bench.journal, place) for place in (1, 2, 3)]
    assert said == [["approve final"], ["refer provisional"], ["refer provisional"]]


def test_killed_after_each_event_it_says_and_takes_nothing_twice(bench: Bench) -> None:
    events = [dial(1, "500.00"), *history(1), answered(1, "clear", at_s=60)]

    for event in events:
        bench.go(event)
        bench.restart()
    bench.go(at_s=UNTIL_S + 60)

    assert words(bench.journal, 1) == [*ON_TRUST, "approve final", "released"]
    assert bench.stands() == [(Decimal(), 0, "500.00")]


def test_made_anew_while_trust_stands_it_gives_back_what_was_taken(bench: Bench, tmp_path: Path) -> None:
    bench.go(dial(1, "500.00"), *history(1, until_s=1e9))
    bench.service.store.close()

    described = Described(
        subscriber=service.subscriber(),
        versions=FileVersions(tmp_path / "decisions.sqlite3"),
        prepare=service.prepare,
        source=lambda: bench.journal,
    )
    rebuild(described)
    bench.restart()
    stood = bench.stands()
    bench.go(answered(1, "clear", at_s=60), at_s=60)

    assert stood == [(Decimal("20.00"), 1, "500.00")]
    assert words(bench.journal, 1) == [*ON_TRUST, "approve final", "released"]
    assert reserved(bench.journal) == Decimal()


@pytest.mark.parametrize("minutes", [2, 15])
def test_an_approval_of_minutes_outlives_restarts_and_clocks_that_jump_and_ends_once(
    bench: Bench, minutes: int
) -> None:
    until_s = minutes * 60.0
    bench.go(dial(1, "500.00"), *history(1, until_s=until_s))

    bench.restart()
    bench.go(at_s=-3_600)
    bench.go(at_s=until_s - 0.001)
    assert words(bench.journal, 1) == ON_TRUST
    bench.restart()
    bench.go(at_s=until_s)
    bench.go(at_s=20)
    bench.restart()
    bench.go(at_s=until_s + 3_600)

    assert words(bench.journal, 1) == [*ON_TRUST, "expired", "refer provisional+", "released"]
    assert bench.stands() == [(Decimal(), 0, "500.00")]


def test_a_service_that_was_away_at_the_end_tells_it_when_it_is_back(bench: Bench) -> None:
    bench.go(dial(1, "500.00"), *history(1))

    bench.restart()
    bench.go(answered(1, "unavailable", at_s=UNTIL_S), at_s=UNTIL_S + 3_600)

    assert words(bench.journal, 1) == [
        *ON_TRUST,
        "expired",
        "refer provisional+",
        "released",
        "refer provisional",
    ]


def test_while_the_coordinator_is_away_nothing_is_taken_and_the_others_go_on(bench: Bench) -> None:
    bench.journal.away = True
    late, other = history(1), [one(2, m, n, at_s=10) for n, m in enumerate(_clear(), 1)]

    bench.journal.append(MemoryJournal([dial(1, "500.00"), *late, *other]).records)
    bench.service.clock_us = to_us(START + timedelta(seconds=20))
    for _ in range(200):
        bench.service.runner.step()
    assert (words(bench.journal, 1), words(bench.journal, 2)) == ([], ["approve final"])
    assert bench.stands() == [(Decimal(), 0, "500.00")]

    bench.journal.away = False
    until(bench, 1)
    assert words(bench.journal, 1) == ON_TRUST


def _clear() -> list[Message]:
    return [*opening("full"), evidence("front"), *but_register(on=3), check("register", "clear", on=3)]


def until(bench: Bench, place: int) -> None:
    """Let the service try again, which it does after a pause."""
    ends_s = time.monotonic() + 10
    while not words(bench.journal, place) and time.monotonic() < ends_s:
        bench.service.settle()


@given(
    stakes=st.lists(st.decimals(min_value=0, max_value=60, places=2), min_size=1, max_size=8),
    data=st.data(),
)
@settings(deadline=None, max_examples=15)
def test_whatever_comes_in_whatever_order_the_cap_holds(
    tmp_path_factory: pytest.TempPathFactory, stakes: list[Decimal], data: st.DataObject
) -> None:
    bench = Bench(tmp_path_factory.mktemp("trust"))
    cases = [history(place, stake=str(stake)) for place, stake in enumerate(stakes, 1)]
    ended = data.draw(st.lists(st.sampled_from(range(1, len(stakes) + 1)), unique=True))
    events = [event for case in cases for event in case] + [answered(n, "clear", at_s=15) for n in ended]

    bench.go(dial(1, "100.00"))
    for event in data.draw(st.permutations(events)):
        bench.go(event)
        ((amount, _, _),) = bench.stands()
        assert amount <= Decimal("100.00")

    assert amount == reserved(bench.journal)
    bench.service.store.close()


def reserved(journal: MemoryJournal) -> Decimal:
    """Add up, from the events alone, what was reserved and not released."""
    open_: dict[str, Decimal] = {}
    for event in map(from_record, journal.records):
        match event.message:
            case decisions.TrustReserved() as said:
                open_[str(event.envelope.id)] = Decimal(said.amount)
            case decisions.TrustReleased() as said:
                del open_[said.reservation_id]
    return sum(open_.values(), Decimal())


def test_the_command_lists_what_stands(bench: Bench, tmp_path: Path) -> None:
    bench.go(dial(1, "500.00"), *history(1))
    # The command goes by the clock of the day.
    bench.service.store.execute("UPDATE trust SET until_us = ?", (2**62,))

    done = subprocess.run(
        [sys.executable, "-m", "consumers.decisions", "exposure"],
        env={**os.environ, "VOUCH_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{CLIENT} live: 20.00 of 500.00 GBP on trust, 1 case"]
