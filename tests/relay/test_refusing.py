"""What the relay will not carry into: every refusal names what was found, what is wanted, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from deploy.servers.kafka import ClusterOptions
from events.errors import WrongTopic
from events.journal import head, record
from events.models import RelayState
from events.relay import checkpoint
from events.relay.topics import SIGN_OF_LIFE, check
from subscriber.kafka import KafkaSettings
from tests.events.makers import submitted
from tests.relay.running import (
    carried,
    carry_all,
    journal_records,
    records,
    refusal,
    relaying,
    set_limit,
    wait_for,
    write,
)
from tests.restoring import change_journal
from tests.servers.kafka import Cluster, running

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.django_db(transaction=True, databases="__all__"),
    pytest.mark.sequenced,
]
CASES = "verification.case.v1"


@pytest.fixture(scope="module")
def secured() -> Iterator[Cluster]:
    yield from running(ClusterOptions(tls=True, user="vouch", password="the right one"))


def rewrite(column: str, value: str, *, first: int = 1) -> None:
    """Have the journal say what only another build would write."""
    change_journal(f"UPDATE journal SET {column} = '{value}' WHERE position >= %s", [first])


def restored(epoch: str, first: int) -> None:
    """Do what a restore does: the journal goes on in a new epoch."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO journal_epoch (first_position, epoch) VALUES (%s, %s)", [first, epoch])


def test_a_wrong_number_of_partitions_is_refused_with_what_to_do(cluster: Cluster) -> None:
    cluster.topic(CASES, partitions=3)

    said = refusal(cluster)

    assert "WrongTopic: topic verification.case.v1 has 3 partitions, and the catalogue says 8" in said
    assert "--new-cluster" in said


def test_a_topic_that_takes_too_little_is_refused(cluster: Cluster) -> None:
    carry_all(cluster)
    set_limit(cluster, CASES, 70_000)

    assert "max.message.bytes=70000, and the catalogue says at least 1048576" in refusal(cluster)


def test_a_topic_that_keeps_events_for_another_time_is_refused(cluster: Cluster) -> None:
    cluster.topic(CASES, config={"max.message.bytes": "1048576", "retention.ms": "1000"})

    assert "retention.ms=1000, and the catalogue says 2592000000" in refusal(cluster)


def test_a_topic_with_fewer_copies_than_the_cluster_can_keep_is_refused(cluster: Cluster) -> None:
    carry_all(cluster)

    with pytest.raises(WrongTopic, match=r"relay\.life\.v1 has 1 copies .* can keep 3"):
        check(cluster.admin, [replace(SIGN_OF_LIFE, copies=3)])


def test_topics_are_made_as_the_catalogue_says(cluster: Cluster) -> None:
    carry_all(cluster)

    described = cluster.admin.list_topics(timeout=20).topics
    assert len(described["decisions.exposure.v1"].partitions) == 8
    assert "verification.statistics.v1" in described


def test_another_cluster_than_the_checkpoints_is_refused(cluster: Cluster) -> None:
    write(3)
    carry_all(cluster)
    RelayState.objects.update(cluster="the-one-before")

    assert "ReplacedCluster" in refusal(cluster)
    assert checkpoint().position == 3


def test_a_replaced_cluster_is_filled_on_command_from_a_named_position(cluster: Cluster) -> None:
    write(5)
    carry_all(cluster)
    cluster.clear()

    call_command("relay", new_cluster=True, after=2)
    carry_all(cluster)

    assert [one.position for one in carried(records(cluster))] == [3, 4, 5]


def test_a_cluster_that_has_events_of_another_journal_is_told(cluster: Cluster) -> None:
    write(5)
    carry_all(cluster)
    RelayState.objects.all().delete()

    progress = carry_all(cluster)

    assert progress.beyond == {CASES: 5}


def test_a_position_that_the_journal_lacks_is_no_place_to_start(cluster: Cluster) -> None:
    with pytest.raises(CommandError, match="--after 7 is none"):
        call_command("relay", new_cluster=True, after=7)


def test_after_a_restore_it_carries_again_what_differs_under_the_new_epoch(cluster: Cluster) -> None:
    write(5)
    carry_all(cluster)
    RelayState.objects.update(position=9)
    restored("bbbbbbbb", 6)
    write(2, first=5)

    progress = carry_all(cluster)

    assert progress.epochs_changed == 1
    assert carried(records(cluster)) == journal_records()
    assert checkpoint().epoch == "bbbbbbbb"


def test_an_epoch_that_the_journal_never_had_is_refused(cluster: Cluster) -> None:
    write(2)
    carry_all(cluster)
    RelayState.objects.update(epoch="cccccccc")

    assert "WrongCheckpoint: the relay had carried up to cccccccc-2" in refusal(cluster)


def test_a_checkpoint_beyond_the_journals_end_is_refused(cluster: Cluster) -> None:
    write(2)
    carry_all(cluster)
    RelayState.objects.update(position=50)

    assert "the journal ends at 2 without a new epoch" in refusal(cluster)


def test_a_type_of_a_newer_build_still_travels_on_its_stream(cluster: Cluster) -> None:
    write(1)
    rewrite("type", "vouch.verification.v1.Tomorrow")

    carry_all(cluster)

    ((message, found),) = records(cluster)
    assert (message.topic(), found.type) == (CASES, "vouch.verification.v1.Tomorrow")


def test_a_stream_of_a_newer_build_stops_the_relay_before_it(cluster: Cluster) -> None:
    write(3)
    rewrite("stream", "verification.tomorrow", first=2)

    assert "UnknownStream: the journal has events on 'verification.tomorrow'" in refusal(cluster)
    assert checkpoint().position == 1


def test_over_tls_with_a_password_everything_is_carried(journal: None, secured: Cluster) -> None:
    record([submitted()], now=datetime.now(UTC))

    carry_all(secured)

    assert carried(records(secured)) == journal_records()


def test_a_wrong_password_is_refused_by_name(journal: None, secured: Cluster) -> None:
    good = secured.settings
    wrong = KafkaSettings(bootstrap=good.bootstrap, ca=good.ca, user=good.user, password="a wrong one")

    assert "NotLetIn" in refusal(secured, wrong)


def test_an_unknown_authority_is_refused_by_name(journal: None, secured: Cluster) -> None:
    good = secured.settings
    key = good.ca.replace("ca.pem", "client.pem")
    wrong = KafkaSettings(bootstrap=good.bootstrap, ca=key, user=good.user, password=good.password)

    assert "NotLetIn" in refusal(secured, wrong)


def test_a_refusal_is_counted_by_its_name(cluster: Cluster) -> None:
    cluster.topic(CASES, partitions=3)

    with relaying(cluster) as relay:
        wait_for(lambda: relay.progress.refused.total() > 0)

    assert relay.progress.refused == {"WrongTopic": 1}
    assert head().position == 0
