"""The metrics of a process: listed once, told on the loopback address, and not hidden by what is away."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from protocol.schemas import verification_v1_pb2 as v
from subscriber import Meters, Runner, metrics, readings
from subscriber import metrics as m
from subscriber.metering import Reading
from tests.subscriber.makers import START, Bench
from tests.subscriber.test_members import Process

ROOT = Path(__file__).resolve().parent.parent.parent
Settle = Callable[[Runner], None]


@pytest.fixture
def meters(tmp_path: Path) -> Iterator[Meters]:
    with Meters("some", tmp_path / "metrics") as meters:
        yield meters


@pytest.fixture
def told(tmp_path: Path, meters: Meters) -> Callable[[], str]:
    address = (tmp_path / "metrics" / "some.url").read_text().strip()
    return lambda: httpx.get(address, trust_env=False).raise_for_status().text


def test_the_page_of_metrics_is_printed_from_the_list() -> None:
    assert (ROOT / "docs" / "metrics.md").read_text() == metrics.printed()


@pytest.mark.parametrize("metric", metrics.METRICS, ids=lambda metric: metric.name)
def test_a_metrics_name_tells_its_kind_and_unit(metric: metrics.Metric) -> None:
    assert re.fullmatch(r"vouch_[a-z_]+", metric.name)
    assert metric.name.endswith("_total") == (metric.kind is metrics.Kind.COUNTER)
    assert not set(metric.labels) & {"client", "case", "applicant", "path"}


def test_the_address_is_written_for_its_owner_and_taken_away_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "p.url"

    with Meters("p", tmp_path):
        assert file.stat().st_mode & 0o077 == 0
        assert file.read_text().startswith("http://127.0.0.1:")

    assert not file.exists()


def test_what_is_counted_and_observed_is_told(meters: Meters, told: Callable[[], str]) -> None:
    meters.add(m.HTTP_REQUESTS, 2, "/v1/cases", "POST", "201")
    meters.observe(m.HTTP_SECONDS, 0.03, "/v1/cases")

    page = told()

    assert 'vouch_http_requests_total{area="/v1/cases",method="POST",status="201"} 2.0' in page
    assert 'vouch_http_request_seconds_bucket{area="/v1/cases",le="0.05"} 1.0' in page


def test_what_is_away_is_left_out_and_counted(meters: Meters, told: Callable[[], str]) -> None:
    def away() -> list[Reading]:
        raise OSError("the database is away")

    meters.read("journal", away)
    meters.read("feeds", lambda: [Reading(m.FEED_RECORDS, 12)])

    page = told()

    assert "vouch_feed_head_records 12.0" in page
    assert 'vouch_metrics_failed_readings_total{reading="journal"} 1.0' in page
    assert "vouch_journal" not in page


def test_a_subscriber_tells_how_far_it_is_behind(
    bench: Bench, settle: Settle, meters: Meters, told: Callable[[], str]
) -> None:
    bench.journal.submit("case-1", "case-2")
    bench.journal.write(v.ReviewRequested(by="client"), "case-3")
    runner = bench.runner()
    meters.read("subscribers", lambda: readings(runner.reports(), bench.now))

    settle(runner)
    runner._told_s = 0.0
    runner.step()

    page = told()
    assert 'vouch_subscriber_handled_total{subscriber="s"} 2.0' in page
    assert 'vouch_subscriber_position_records{subscriber="s"} 3.0' in page
    assert 'vouch_subscriber_lag_records{subscriber="s"} 0.0' in page
    assert 'vouch_subscriber_lag_seconds{subscriber="s"} 0.0' in page


def test_lag_in_seconds_is_the_age_of_the_oldest_event_not_done(bench: Bench) -> None:
    bench.journal.submit("case-1")
    runner = bench.runner()
    follower = runner._followers["s"]
    follower.open(bench.journal)
    follower.take(bench.journal.read(0, 10))

    found = {r.metric: r.value for r in readings([follower.report()], datetime(2026, 5, 1, 13, tzinfo=UTC))}

    assert START.tzinfo is UTC
    assert found[m.SUBSCRIBER_LAG_SECONDS] == 3599.0
    assert found[m.SUBSCRIBER_LAG] == 1


def test_what_lies_unread_in_the_log_is_lag_until_it_is_done(bench: Bench) -> None:
    process = Process(bench)
    process.log.deal()
    process.settle()
    bench.journal.submit("case-1", "case-2", "case-3")
    process.log.carry()

    before = process.source.unread
    process.settle()
    process.runner._told_s = 0.0
    process.runner.step()

    assert (before, process.source.unread) == (3, 0)
    assert [report.behind for report in process.runner.reports()] == [0]
