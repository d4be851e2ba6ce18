"""Best effort: a broker that is away costs the statistics and nothing else, and the loss is counted."""

from __future__ import annotations

import resource
import time

import pytest

from events.models import Statistic
from events.statistics import Notes
from events.statistics_topic import StatisticsTopic
from protocol.ids import to_us
from protocol.schemas import verification_v1_pb2 as v
from tests.events.makers import NOW
from tests.servers.kafka import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.django_db(databases="__all__")]
TOPIC = "verification.statistics.v1"


def rows(count: int) -> list[Statistic]:
    payload = v.StepStarted(step="read", attempt=1).SerializeToString()
    kind = "vouch.verification.v1.StepStarted"
    return [
        Statistic(noted_at_us=to_us(NOW), type=kind, subject=f"case-{n}", client="cl_1", payload=payload)
        for n in range(count)
    ]


def slowest_note_s(notes: Notes, count: int) -> float:
    worst = 0.0
    for n in range(count):
        begun_s = time.perf_counter()
        notes.note(v.StepStarted(step="read", attempt=1), subject=f"case-{n}", client="cl_1", now=NOW)
        worst = max(worst, time.perf_counter() - begun_s)
    return worst


def test_statistics_reach_their_topic_without_a_position(empty_kafka: Cluster) -> None:
    empty_kafka.topic(TOPIC)
    topic = StatisticsTopic(empty_kafka.settings)

    topic.send(rows(10))
    topic.close()

    found = empty_kafka.read([TOPIC])
    headers = [dict(message.headers() or []) for message in found]
    assert {told["ce_lane"] for told in headers} == {b"best_effort"}
    assert len(found) == 10
    assert topic.lost == 0
    assert not any("ce_position" in told for told in headers)


def test_with_the_broker_away_what_finds_no_room_is_counted_at_once(empty_kafka: Cluster) -> None:
    empty_kafka.topic(TOPIC)
    topic = StatisticsTopic(empty_kafka.settings)
    topic.send(rows(1))
    empty_kafka.server.pause(1)

    try:
        begun_s = time.monotonic()
        topic.send(rows(30_000))
        took_s = time.monotonic() - begun_s
        lost_at_once = topic.lost
    finally:
        empty_kafka.server.resume(1)
    topic.close()

    assert lost_at_once >= 19_999
    # Thirty thousand calls: with a wait of one millisecond each they would take longer.
    assert took_s < 30


def test_with_the_broker_away_noting_and_memory_stay_as_they_were(empty_kafka: Cluster) -> None:
    empty_kafka.topic(TOPIC)
    notes = Notes()
    notes.topic = StatisticsTopic(empty_kafka.settings)
    slowest_note_s(notes, 5_000)
    notes.flush()
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    empty_kafka.server.pause(1)

    try:
        for _ in range(10):
            slowest_s = slowest_note_s(notes, 5_000)
            notes.flush()
        lost = notes.topic.lost
    finally:
        empty_kafka.server.resume(1)
    notes.topic.close()

    assert lost >= 39_000
    assert slowest_s < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 40_000
    assert Statistic.objects.count() == 55_000
