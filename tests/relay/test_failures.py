"""Whatever happens to the relay or to Kafka, nothing is lost, and what is doubled is one batch at most."""

from __future__ import annotations

import random
import secrets
import time
from datetime import UTC, datetime

import pytest
from confluent_kafka import Producer

from events.journal import head, record
from events.models import RelayState
from events.relay import checkpoint
from tests.events.makers import submitted
from tests.relay.running import (
    carried,
    carry_all,
    duplicates,
    journal_records,
    process,
    records,
    relaying,
    set_limit,
    wait_for,
    write,
)
from tests.sequencing import say
from tests.servers.kafka import Cluster

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True, databases="__all__"),
    pytest.mark.sequenced,
]
BATCH = 2_000
KILLS = 5


def test_killed_at_random_it_doubles_a_batch_at_most_and_loses_nothing(cluster: Cluster) -> None:
    chance = random.Random(11)
    for _ in range(8):
        say([submitted(f"case-{n % 40}") for n in range(1000)], now=datetime.now(UTC))
    for _ in range(KILLS):
        had = checkpoint().position
        with process(cluster):
            wait_for(lambda at=had: checkpoint().position > at or at == head().position)  # type: ignore[misc]  # bound on purpose
            time.sleep(chance.random() * 0.05)
    write(50)

    carry_all(cluster)

    found = list(records(cluster))
    assert carried(found) == journal_records()
    assert duplicates(found) <= KILLS * BATCH


def test_a_crash_between_publishing_and_checkpoint_doubles_that_batch_and_no_more(cluster: Cluster) -> None:
    write(60)
    carry_all(cluster)
    write(40, first=60)
    carry_all(cluster)
    RelayState.objects.update(position=60)  # what such a crash leaves

    carry_all(cluster)

    found = list(records(cluster))
    assert duplicates(found) == 40
    assert carried(found) == journal_records()


def test_order_of_a_key_is_kept_over_kills(cluster: Cluster) -> None:
    record([submitted(f"case-{n % 7}") for n in range(1000)], now=datetime.now(UTC))
    with process(cluster):
        wait_for(lambda: checkpoint().position > 0)
    write(200, keys=7)

    carry_all(cluster)

    kept: dict[str, list[int]] = {}
    for one in carried(records(cluster)):
        kept.setdefault(one.partition_key, []).append(one.keyseq)
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in kept.values())


def test_one_message_over_the_brokers_limit_holds_back_its_whole_batch(cluster: Cluster) -> None:
    write(1)
    large = submitted("case-2", by=secrets.token_hex(20_000))
    with relaying(cluster) as relay:
        wait_for(lambda: checkpoint().position == 1)
        set_limit(cluster, "verification.case.v1", 5_000)
        record([submitted("case-1"), large, submitted("case-3")], now=datetime.now(UTC))
        wait_for(lambda: relay.progress.unknown["MSG_SIZE_TOO_LARGE"] > 0)
    assert [one.position for _, one in records(cluster)] == [1]
    set_limit(cluster, "verification.case.v1", 1 << 20)

    carry_all(cluster)

    assert carried(records(cluster)) == journal_records()


def test_a_transaction_cut_in_the_middle_is_never_seen(cluster: Cluster) -> None:
    write(1)
    carry_all(cluster)
    half = Producer(cluster.config | {"transactional.id": "vouch-relay"})
    half.init_transactions(20)
    half.begin_transaction()
    half.produce("verification.case.v1", value=b"half of a unit", key=b"case-1")
    half.flush(20)
    write(10)

    carry_all(cluster)

    assert carried(records(cluster)) == journal_records()
    with pytest.raises(Exception, match=r"(?i)fenced"):
        half.commit_transaction(20)


def test_a_broker_that_was_away_gets_everything_in_order(cluster: Cluster) -> None:
    with relaying(cluster) as relay:
        write(20)
        wait_for(lambda: checkpoint().position == 20)
        cluster.server.kill(1)
        write(200)
        wait_for(lambda: relay.progress.unknown.total() > 0, 60)
        cluster.server.revive(1)
        wait_for(lambda: checkpoint().position == head().position, 60)

    assert carried(records(cluster)) == journal_records()
