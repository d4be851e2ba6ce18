"""What a service says gets home, in order of its key, however long home is away."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from protocol.schemas import decisions_v1_pb2 as d
from protocol.schemas import verification_v1_pb2 as v
from protocol.schemas.journal_v1_pb2 import Record
from subscriber import Context, Handler, Outbox, Refused, Runner, SourceAway, SqliteStore, Subscriber
from tests.subscriber.makers import Journal


class Home:
    """A journal to carry to: away or refusing as a test says, and idempotent as the door is."""

    def __init__(self) -> None:
        self.came: list[str] = []
        self.calls = 0
        self.away = False
        self.answer_lost = False
        self.refuses: set[str] = set()

    def append(self, records: Sequence[Record]) -> None:
        """Take records."""
        self.calls += 1
        if self.away:
            raise SourceAway("away")
        if any(r.subject in self.refuses for r in records):
            raise Refused("403")
        self.came.extend(r.subject for r in records)
        if self.answer_lost:
            self.answer_lost = False
            raise SourceAway("no answer")

    def require_coordinator(self) -> None:
        """Take everything."""


def _decide(_event: object, _value: object, ctx: Context) -> None:
    assert ctx.event is not None
    e = ctx.event.envelope
    ctx.emit(d.DecisionReached(outcome="approve"), subject=e.subject, client=e.client)


class Service:
    """A service with an outbox, on a journal in memory."""

    def __init__(self, path: Path) -> None:
        self.journal, self.home = Journal(), Home()
        self.store = SqliteStore(path)
        self.runner = self.started()

    def started(self) -> Runner:
        """Start the service, as a new process would."""
        outbox = Outbox(self.store, self.home, source="decisions")
        subscriber = Subscriber("d", ("verification.case",), (Handler((v.CaseSubmitted,), _decide),))
        return Runner([subscriber], self.journal, self.store, outbox)

    def settle(self, seconds: float = 0.4) -> None:
        """Run for a while."""
        stop = threading.Event()
        threading.Timer(seconds, stop.set).start()
        while not stop.is_set():
            if not self.runner.step():
                time.sleep(0.005)

    def waiting(self) -> int:
        """How many records are still here."""
        return len(self.store.execute("SELECT number FROM subscriber_outbox"))


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path / "service.sqlite3")


def test_what_is_said_gets_home_and_leaves_the_outbox(service: Service) -> None:
    service.journal.submit("a", "b", "a")

    service.settle(0.2)

    assert service.home.came == ["a", "b", "a"]
    assert service.waiting() == 0


def test_while_home_is_away_work_goes_on_and_nothing_is_lost(service: Service) -> None:
    service.home.away = True
    service.journal.submit("a", "b")
    service.settle(0.2)
    assert service.waiting() == 2
    assert service.runner.counts("d").handled == 2

    service.home.away = False
    service.settle()

    assert service.home.came == ["a", "b"]


def test_an_answer_that_is_lost_is_sent_for_again(service: Service) -> None:
    service.home.answer_lost = True
    service.journal.submit("a")

    service.settle()

    assert service.home.came == ["a", "a"]
    assert service.waiting() == 0


def test_a_refused_record_holds_back_its_key_and_no_other(service: Service) -> None:
    service.home.refuses = {"bad"}
    service.journal.submit("a", "bad", "b", "bad", "c")

    service.settle()

    assert service.home.came == ["a", "b", "c"]
    assert service.store.execute("SELECT key, refused FROM subscriber_outbox") == [
        ("bad", "403"),
        ("bad", ""),
    ]


def test_what_waits_survives_a_restart(service: Service) -> None:
    service.home.away = True
    service.journal.submit("a")
    service.settle(0.1)

    service.home.away = False
    service.runner = service.started()
    service.settle(0.2)

    assert service.home.came == ["a"]


def test_a_home_that_is_away_is_not_called_without_pause(service: Service) -> None:
    service.home.away = True
    service.journal.submit("a")

    service.settle(0.5)

    assert service.home.calls < 8
