"""Complaints about relays: 6 two of them, 7 and 8 outages, 17 renamed code, 19 a backlog."""

from __future__ import annotations

import os
import re
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.journal import head, record
from events.relay import checkpoint
from tests.events.conftest import no_other_rooms
from tests.events.makers import submitted
from tests.relay.conftest import cluster, journal
from tests.relay.running import (
    carried,
    carry_all,
    duplicates,
    journal_records,
    process,
    records,
    relaying,
    wait_for,
    write,
)
from tests.sequencing import on_postgres, settled
from tests.servers.kafka import Cluster

__all__ = ["cluster", "journal", "no_other_rooms"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.django_db(transaction=True, databases="__all__"),
    pytest.mark.sequenced,
]
BATCH = 2_000
MILLION = 1_000_000
_BACKLOG = """
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s)
    INSERT INTO journal (position, id, type, source, subject, client, applicant, occurred_at_us,
        recorded_at_us, sequenced_at_us, epoch, unit, unit_last, stream, partition_key, keyseq,
        correlation, causation, minor, traceparent, payload)
    SELECT i, randomblob(16), 'vouch.verification.v1.CaseSubmitted', 'verification', 'case-' || (i %% 1000),
        'cl_1', '', %s + i, %s + i, %s + i, 'aaaaaaaa', i, i, 'verification.case', 'case-' || (i %% 1000),
        i / 1000 + 1, '', '', 0, '', randomblob(100) FROM n
"""


def memory_mb(pid: int, which: str) -> float:
    found = re.search(rf"{which}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def fill(count: int) -> None:
    now_us = int((datetime.now(UTC) - timedelta(hours=1)).timestamp() * 1_000_000)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO journal_epoch VALUES (1, 'aaaaaaaa')")
        cursor.execute(_BACKLOG, [count, now_us, now_us, now_us])


def test_06_two_relays_one_stopped_past_its_lease_then_resumed(cluster: Cluster) -> None:
    write(100)
    with process(cluster) as old:
        wait_for(lambda: checkpoint().position == 100)
        os.kill(old.pid, signal.SIGSTOP)
        write(100, first=100)
        with relaying(cluster, leader="successor"):
            wait_for(lambda: checkpoint().position == 200)
            os.kill(old.pid, signal.SIGCONT)
            write(100, first=200)
            wait_for(lambda: checkpoint().position == 300)
            time.sleep(0.5)
            assert old.poll() is None

    found = list(records(cluster))
    assert carried(found) == journal_records()
    assert duplicates(found) <= BATCH


def test_07_a_broker_that_is_down_three_days_gets_everything_in_order(cluster: Cluster) -> None:
    carry_all(cluster)
    cluster.server.kill(1)
    with relaying(cluster) as relay:
        for hour in range(72, 0, -1):
            write(3, first=hour, now=datetime.now(UTC) - timedelta(hours=hour))
        wait_for(lambda: relay.progress.unknown.total() > 0, 60)
        cluster.server.revive(1)
        wait_for(lambda: checkpoint().position == head().position, 60)

    found = list(records(cluster))
    assert carried(found) == journal_records()
    assert all(message.timestamp()[1] == one.sequenced_at_us // 1000 for message, one in found)


def test_08_an_outage_longer_than_every_time_out_leaves_nothing_dead(cluster: Cluster) -> None:
    with relaying(cluster) as relay:
        write(10)
        wait_for(lambda: checkpoint().position == 10)
        cluster.server.pause(1)
        write(10, first=10)
        # Longer than a message may take, and than a transaction may stay open: 10 s.
        time.sleep(15)
        assert relay.progress.unknown.total() > 0
        cluster.server.resume(1)
        wait_for(lambda: checkpoint().position == 20, 60)

    assert carried(records(cluster)) == journal_records()


def test_17_rows_hold_no_name_of_our_code_and_publish_after_every_renaming(cluster: Cluster) -> None:
    write(5)
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT type, stream FROM journal")
        written = cursor.fetchall()

    carry_all(cluster)

    assert written == [("vouch.verification.v1.CaseSubmitted", "verification.case")]
    assert carried(records(cluster)) == journal_records()


def test_19_a_thousand_events_are_one_insert(journal: None) -> None:
    drafts = [submitted(f"case-{n % 3}") for n in range(1000)]

    with CaptureQueriesContext(connection) as queries:
        record(drafts, now=datetime.now(UTC))
    settled()

    assert len(queries) < 20
    assert head().position == 1000


@pytest.mark.skipif(on_postgres(), reason="the million rows are written in SQLite's SQL")
def test_19_a_backlog_of_a_million_needs_less_than_100_mb(cluster: Cluster) -> None:
    carry_all(cluster)
    with process(cluster) as relay:
        time.sleep(6)
        idle_mb = memory_mb(relay.pid, "VmRSS")
        fill(MILLION)
        wait_for(lambda: checkpoint().position == MILLION, 400)
        peak_mb = memory_mb(relay.pid, "VmHWM")

    print(f"\nidle {idle_mb:.0f} MB, peak {peak_mb:.0f} MB")
    assert peak_mb - idle_mb < 100
