"""Tables are made anew while others write; wherever the rebuild dies, the live tables are as they were."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import ClassVar

import pytest
from django.db import connection, connections, models

from events import projections
from events.guard import projecting
from events.journal import record
from events.projections import event_sourced, projects
from events.rebuilding import rebuild
from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as v
from subscriber.pacing import Pace
from tests.events.makers import submitted
from tests.rebuilding import assert_rebuilds_equal, empty_journal

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


class Died(BaseException):
    """The process is gone: nothing catches this."""


class Times(models.Model):
    """How often each case was submitted."""

    case = models.CharField(max_length=64, primary_key=True)
    times = models.IntegerField(default=0)

    objects: ClassVar[models.Manager[Times]] = models.Manager()

    class Meta:
        app_label: ClassVar[str] = "made_for_tests"
        db_table: ClassVar[str] = "events_times"


@pytest.fixture(autouse=True)
def _journal(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(projections, "_appliers", defaultdict(list))
    monkeypatch.setattr(projections, "_models", [])
    empty_journal()
    with connection.schema_editor() as editor:
        editor.create_model(Times)
    event_sourced(Times)

    @projects(v.CaseSubmitted)
    def apply(event: Event) -> None:
        Times.objects.get_or_create(case=event.envelope.subject)
        Times.objects.filter(case=event.envelope.subject).update(times=models.F("times") + 1)

    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE events_times")
    empty_journal()


def _submit(*cases: str) -> None:
    for start in range(0, len(cases), 500):
        record([submitted(case) for case in cases[start : start + 500]], now=datetime.now(UTC))


def _damage() -> None:
    with projecting():
        Times.objects.filter(case="a").update(times=99)
        Times.objects.filter(case="b").delete()


def _rows() -> list[tuple[str, int]]:
    return list(Times.objects.order_by("case").values_list("case", "times"))


def _dies_at(statement: int) -> Callable[..., object]:
    left = [statement]

    def perhaps(execute: Callable[..., object], *call: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise Died
        return execute(*call)

    return perhaps


# A process that is gone closes none of its cursors.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_rebuild_that_dies_anywhere_leaves_the_live_tables_as_they_were() -> None:
    _submit(*"abcabc")
    _damage()
    before = _rows()

    for statement in range(200):
        with connection.execute_wrapper(_dies_at(statement)):
            try:
                rebuild()
            except Died:
                pass
            else:
                break
        assert _rows() == before

    assert statement > 5
    assert _rows() == [("a", 2), ("b", 2), ("c", 2)]


def test_events_written_during_a_rebuild_are_in_the_tables_it_leaves() -> None:
    _submit(*"abc" * 400)
    _damage()
    writing, written = threading.Event(), [0]

    def write() -> None:
        while not writing.is_set():
            _submit("a", "b", "new")
            written[0] += 1
        connections.close_all()

    thread = threading.Thread(target=write)
    thread.start()
    done = rebuild(pace=Pace(8_000))
    writing.set()
    thread.join()

    assert written[0] > 3
    assert done.events > 1_200
    assert_rebuilds_equal()


def test_a_pace_holds_history_down_to_its_rate() -> None:
    now, slept = [0.0], list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    pace = Pace(100, clock=lambda: now[0], sleep=sleep)
    for _ in range(5):
        pace.passed(50)

    assert sum(slept) == pytest.approx(2.5)
