"""Statistics never slow or fail the caller; what is dropped is counted."""

from __future__ import annotations

import threading

import pytest
from django.db import connections

from events import statistics
from events.models import Statistic
from events.statistics import Notes
from events.statistics_topic import StatisticsTopic
from protocol.schemas import verification_v1_pb2 as v
from subscriber.kafka import KafkaSettings
from tests.events.makers import NOW

pytestmark = pytest.mark.django_db(databases="__all__")


def _note(notes: Notes, count: int) -> None:
    for n in range(count):
        notes.note(v.StepStarted(step=f"step-{n}", attempt=1), subject="case-1", client="cl_1", now=NOW)


def test_what_was_noted_is_written_in_order() -> None:
    notes = Notes()
    _note(notes, 1200)

    assert notes.flush() == 1200

    rows = Statistic.objects.order_by("id")
    assert v.StepStarted.FromString(bytes(rows[1199].payload)).step == "step-1199"
    assert rows[0].type == "vouch.verification.v1.StepStarted"


def test_noting_touches_no_database() -> None:
    _note(Notes(), 10)

    assert not Statistic.objects.exists()


def test_a_full_buffer_drops_the_new_and_counts_it() -> None:
    notes = Notes(kept=3)

    _note(notes, 5)

    assert notes.dropped == 2
    assert notes.flush() == 3


def test_a_database_that_refuses_costs_only_the_notes() -> None:
    notes = Notes()
    _note(notes, 5)
    with connections["statistics"].cursor() as cursor:
        cursor.execute("ALTER TABLE events_statistic RENAME TO gone")

    assert notes.flush() == 0

    assert notes.dropped == 5


def test_a_message_that_kafka_does_not_take_is_lost_alone() -> None:
    notes = Notes()
    notes.topic = StatisticsTopic(KafkaSettings(bootstrap="127.0.0.1:1"))
    notes.note(v.StepStarted(step="x" * 2_000_000), subject="case-1", client="cl_1", now=NOW)
    _note(notes, 2)

    assert notes.flush() == 3

    assert notes.topic.lost == 1


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_a_thread_writes_until_it_is_stopped() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=statistics.write_until, args=(stop,))
    thread.start()
    statistics.note(v.StepStarted(step="s"), subject="case-1", client="cl_1", now=NOW)

    stop.set()
    thread.join(timeout=5)

    assert Statistic.objects.count() == 1
    assert statistics.dropped() == 0
