"""What is said together gets home together; while the coordinator is away its key waits, and nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from protocol.schemas import decisions_v1_pb2 as d
from protocol.schemas import verification_v1_pb2 as v
from protocol.schemas.journal_v1_pb2 import Record
from subscriber import Context, CoordinatorAway, Handler, Outbox, Refused, Runner, SqliteStore, Subscriber
from tests.subscriber.makers import Journal


class Home:
    """A journal whose coordinator is away as a test says; unless `sure`, nobody hears of it beforehand."""

    def __init__(self) -> None:
        self.units: list[list[str]] = []
        self.away = False
        self.sure = True
        self.refuses = False

    def append(self, records: Sequence[Record]) -> None:
        """Take records, unless some are coordinated and the coordinator is away."""
        kinds = [f"{one.subject} {one.type.rpartition('.')[2]}" for one in records]
        coordinated = any("Trust" in kind for kind in kinds)
        if coordinated and self.away:
            raise CoordinatorAway("away")
        if coordinated and self.refuses:
            raise Refused("403")
        self.units.append(kinds)

    def require_coordinator(self) -> None:
        """Answer a service that asks first."""
        if self.away and self.sure:
            raise CoordinatorAway("away")


def _decide(_event: object, _value: object, ctx: Context) -> None:
    """Decide; a case on trust takes exposure in the same unit."""
    assert ctx.event is not None
    e = ctx.event.envelope
    ctx.emit(d.DecisionReached(outcome="approve"), subject=e.subject, client=e.client)
    if e.subject.startswith("trust"):
        ctx.emit(d.TrustReserved(amount="2.00", currency="GBP"), subject=e.subject, client=e.client)


class Service:
    """A service that decides, on a journal in memory."""

    def __init__(self, path: Path) -> None:
        self.journal, self.home = Journal(), Home()
        self.store = SqliteStore(path)
        outbox = Outbox(self.store, self.home, source="decisions")
        subscriber = Subscriber("d", ("verification.case",), (Handler((v.CaseSubmitted,), _decide),))
        self.runner = Runner([subscriber], self.journal, self.store, outbox)

    def settle(self, seconds: float = 0.4) -> None:
        """Run for a while."""
        stop = threading.Event()
        threading.Timer(seconds, stop.set).start()
        while not stop.is_set():
            if not self.runner.step():
                time.sleep(0.005)

    def came(self) -> list[str]:
        """List what got home, in order."""
        return [kind for unit in self.home.units for kind in unit]


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path / "service.sqlite3")


def test_a_decision_and_its_exposure_get_home_in_one_unit(service: Service) -> None:
    service.journal.submit("a", "trust-1", "b")

    service.settle(0.3)

    assert ["trust-1 DecisionReached", "trust-1 TrustReserved"] in service.home.units
    assert sorted(service.came())[:2] == ["a DecisionReached", "b DecisionReached"]


def test_while_the_coordinator_is_away_only_the_key_that_needs_it_waits(service: Service) -> None:
    service.home.away = True
    service.journal.submit("trust-1", "a", "trust-1", "b")

    service.settle()

    assert service.came() == ["a DecisionReached", "b DecisionReached"]
    assert service.runner.counts("d").handled == 2


def test_a_waiting_key_is_shown_and_is_neither_poison_nor_parked(service: Service) -> None:
    service.home.away = True
    service.journal.submit(*["trust-1"] * 30)

    service.settle()

    counts = service.runner.counts("d")
    assert counts.waits > 0
    assert (counts.buried, counts.parked, counts.handled) == (0, 0, 0)
    assert service.store.execute("SELECT number FROM subscriber_outbox") == []


def test_the_key_goes_on_when_the_coordinator_is_back(service: Service) -> None:
    service.home.away = True
    service.journal.submit("trust-1")
    service.settle(0.2)

    service.home.away = False
    service.settle(0.8)

    assert service.came() == ["trust-1 DecisionReached", "trust-1 TrustReserved"]


def test_what_was_committed_just_before_it_went_away_holds_back_its_key_alone(service: Service) -> None:
    service.home.away, service.home.sure = True, False
    service.journal.submit("trust-1", "a", "b")
    service.settle()
    assert sorted(service.came()) == ["a DecisionReached", "b DecisionReached"]

    service.home.away = False
    service.settle(1.0)

    assert service.home.units[-1] == ["trust-1 DecisionReached", "trust-1 TrustReserved"]


def test_a_refused_unit_is_marked_whole_and_others_pass_it(service: Service) -> None:
    service.home.refuses = True
    service.journal.submit("trust-1", "a")

    service.settle()

    assert service.came() == ["a DecisionReached"]
    assert service.store.execute("SELECT refused FROM subscriber_outbox") == [("403",), ("403",)]
