"""A unit over several topics appears whole or not at all, and is refused while the coordinator is away."""

from __future__ import annotations

import random
import time
from collections import Counter
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest
from pytest_django import Settings

from events.errors import CoordinatorAway
from events.journal import Draft, head, record
from events.models import RelayState
from events.relay import checkpoint
from protocol.catalogue import type_name
from protocol.schemas import decisions_v1_pb2 as d
from protocol.schemas.journal_v1_pb2 import Record
from subscriber import HttpDoor
from tests.contracts.door import serve
from tests.events.makers import submitted
from tests.relay.running import carried, carry_all, journal_records, process, records, relaying, wait_for
from tests.sequencing import say, settled
from tests.servers.kafka import Cluster

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.django_db(transaction=True, databases="__all__"),
    pytest.mark.sequenced,
]


def reserved(case: str = "case-1") -> list[Draft]:
    """A decision and the exposure that it takes."""
    said = (d.DecisionReached(outcome="approve"), d.TrustReserved(amount="2.00", currency="GBP"))
    return [Draft(message=message, subject=case, client="cl_1", source="decisions") for message in said]


def takes_coordinated() -> bool:
    try:
        record(reserved(), now=datetime.now(UTC))
    except CoordinatorAway:
        return False
    return True


def led() -> int:
    """Count how often a relay has become the leader."""
    return max(RelayState.objects.values_list("term", flat=True), default=0)


def units(cluster: Cluster) -> Counter[int]:
    """Count the events of each unit that a reader of whole transactions sees."""
    return Counter(one.unit for one in carried(records(cluster)))


def to_append(message: d.TrustReserved | d.DecisionReached) -> Record:
    payload = message.SerializeToString()
    kind = type_name(message)
    return Record(id=uuid4().bytes, type=kind, subject="case-1", client="cl_1", payload=payload)


def test_without_kafka_the_journal_itself_coordinates(journal: None, settings: Settings) -> None:
    settings.KAFKA = None

    assert takes_coordinated()


def test_without_a_relay_coordinated_events_are_refused_and_others_flow(cluster: Cluster) -> None:
    assert not takes_coordinated()

    say([submitted()], now=datetime.now(UTC))

    assert head().position == 1


def test_an_idle_relay_keeps_showing_that_the_coordinator_answers(cluster: Cluster) -> None:
    with relaying(cluster) as relay:
        wait_for(lambda: relay.progress.leading)
        time.sleep(2)

        assert takes_coordinated()


def test_a_coordinator_that_falls_silent_is_noticed_within_two_seconds(cluster: Cluster) -> None:
    with relaying(cluster):
        wait_for(takes_coordinated)
        cluster.server.pause(1)
        try:
            wait_for(lambda: not takes_coordinated(), within_s=2)
            record([submitted()], now=datetime.now(UTC))
        finally:
            cluster.server.resume(1)

        wait_for(takes_coordinated, within_s=30)


def test_an_alone_decision_is_guaranteed_and_one_with_exposure_coordinated(cluster: Cluster) -> None:
    say(reserved()[:1], now=datetime.now(UTC))
    with relaying(cluster):
        wait_for(takes_coordinated)
        settled()
        wait_for(lambda: checkpoint().position == head().position)

    lanes = [dict(message.headers() or [])["ce_lane"] for message, _ in records(cluster)]
    assert Counter(lanes) == {b"guaranteed": 1, b"coordinated": 2}


def test_units_over_topics_are_whole_however_often_the_relay_is_killed(
    cluster: Cluster, settings: Settings
) -> None:
    chance = random.Random(5)
    settings.KAFKA = None  # the journal is filled before there is a relay
    for n in range(600):
        record(reserved(f"case-{n % 20}"), now=datetime.now(UTC))
    settings.KAFKA = cluster.settings

    for _ in range(4):
        before = led()
        with process(cluster):
            wait_for(lambda had=before: led() > had)  # type: ignore[misc]  # bound on purpose
            time.sleep(chance.random() * 0.4)
        # The coordinator writes the end of a transaction into one partition after the other: a reader in
        # between has the one half already.
        wait_for(lambda: set(units(cluster).values()) <= {2}, within_s=30)
    carry_all(cluster)

    assert carried(records(cluster)) == journal_records()


def test_the_door_says_that_coordinated_events_have_to_wait(cluster: Cluster) -> None:
    exposure, decision = to_append(d.TrustReserved(amount="2.00")), to_append(d.DecisionReached())
    with serve() as door:
        home = HttpDoor(door.url, door.key)

        with pytest.raises(CoordinatorAway):
            home.require_coordinator()
        with pytest.raises(Exception, match="503 unavailable"):
            home.append([exposure])
        home.append([decision])

        home.close()


def test_the_door_takes_coordinated_events_while_the_coordinator_answers(cluster: Cluster) -> None:
    carry_all(cluster)
    with serve() as door:
        home = HttpDoor(door.url, door.key)
        now_us = time.time_ns() // 1000
        RelayState.objects.update(committed_at_us=now_us)

        home.require_coordinator()

        home.close()


def test_only_a_service_may_ask_for_the_coordinator(cluster: Cluster) -> None:
    with serve() as door:
        answer = httpx.get(f"{door.url}/internal/v1/coordinator", trust_env=False)

    assert answer.status_code == 401
