"""The doctor where there is a Kafka: what is not carried, and topics that are otherwise than wanted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from events.findings import Finding, Probe, Severity, look
from events.models import RelayState
from events.relay.probes import relay_probes
from tests.relay.running import carry_all, set_limit, wait_for, write
from tests.restoring import put_back
from tests.servers.kafka import Cluster

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases="__all__"),
    pytest.mark.sequenced,
]
ACCESS = "verification.access.v1"


def _found(cluster: Cluster, name: str, *, after: timedelta = timedelta()) -> list[Finding]:
    probes = relay_probes(cluster.settings, lambda: datetime.now(UTC) + after)
    return look(next(probe for probe in probes if probe.name == name))


def test_without_kafka_there_is_nothing_to_look_at() -> None:
    none: tuple[Probe, ...] = ()

    assert relay_probes(None, lambda: datetime.now(UTC)) == none


def test_a_journal_that_is_carried_to_its_end_is_fine(cluster: Cluster) -> None:
    write(3)
    carry_all(cluster)

    (finding,) = _found(cluster, "relay", after=timedelta(hours=1))

    assert (finding.severity, finding.what[:20]) == (Severity.FINE, "carried up to 3 of 3")


def test_events_that_nobody_carries_must_be_looked_after(cluster: Cluster) -> None:
    write(3)

    (finding,) = _found(cluster, "relay", after=timedelta(minutes=1))

    assert finding.severity is Severity.ACT
    assert "manage.py relay" in finding.todo


def test_a_checkpoint_beyond_the_journal_is_told_with_what_to_do(cluster: Cluster) -> None:
    write(3)
    carry_all(cluster)
    put_back(2)
    RelayState.objects.update(position=3)

    (finding,) = _found(cluster, "relay")

    assert "the journal ends at 2 without a new epoch" in finding.what


def test_topics_that_are_missing_or_otherwise_are_named(cluster: Cluster) -> None:
    carry_all(cluster)
    set_limit(cluster, "verification.case.v1", 70_000)
    cluster.admin.delete_topics([ACCESS])[ACCESS].result(30)
    wait_for(lambda: ACCESS not in cluster.topics())

    absent, wrong, fine = _found(cluster, "topics")

    assert f"1 topics are not there yet: {ACCESS}" in absent.what
    assert "topic verification.case.v1 has max.message.bytes=70000" in wrong.what
    assert (wrong.severity, fine.severity) == (Severity.ACT, Severity.FINE)
