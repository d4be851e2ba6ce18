"""What the relay carries is the journal: every event, once in effect, in order, as it was."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from events.journal import head, record
from events.relay import checkpoint
from tests.events.makers import opened, received, submitted
from tests.relay.running import (
    carried,
    carry_all,
    duplicates,
    journal_records,
    records,
    relaying,
    wait_for,
    write,
)
from tests.servers.kafka import Cluster

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases="__all__"),
    pytest.mark.sequenced,
]


def test_kafka_has_the_journal_as_it_is(cluster: Cluster) -> None:
    record([opened(), received(), submitted()], now=datetime.now(UTC))
    write(500)

    carry_all(cluster)

    found = list(records(cluster))
    assert carried(found) == journal_records()
    assert duplicates(found) == 0


def test_a_message_carries_its_events_key_and_time(cluster: Cluster) -> None:
    record([submitted("case-7")], now=datetime.now(UTC))

    carry_all(cluster)

    ((message, event),) = records(cluster)
    assert message.key() == b"case-7"
    assert message.timestamp()[1] == event.sequenced_at_us // 1000


def test_events_that_come_while_it_runs_are_carried_in_order(cluster: Cluster) -> None:
    with relaying(cluster):
        for start in range(0, 300, 30):
            write(30, first=start)
        wait_for(lambda: checkpoint().position == head().position)

    assert carried(records(cluster)) == journal_records()


def test_a_relay_started_again_goes_on_where_it_stopped(cluster: Cluster) -> None:
    write(100)
    carry_all(cluster)
    write(100, first=100)

    progress = carry_all(cluster)

    assert progress.events == 100
    assert duplicates(records(cluster)) == 0
