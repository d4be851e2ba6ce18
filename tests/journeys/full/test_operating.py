"""The full profile as its operator knows it: well, private, killed, stopped from another shell, up again."""

from __future__ import annotations

import os
import ssl
import time
import urllib.request
from pathlib import Path

import httpx
import psycopg
import pytest

from deploy.full.place import open_place
from deploy.full.stack import PROCESSES
from protocol.trace import trace_id
from tests.journeys.company import Company
from tests.journeys.full.conftest import Full
from tests.journeys.house import House
from tests.journeys.pictures import front

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_the_public_port_is_known_by_the_machines_own_authority(full: Full) -> None:
    trusting = ssl.create_default_context(cafile=str(full.data / "ca.pem"))

    with urllib.request.urlopen(f"{full.url}/readyz", context=trusting) as answer:
        assert answer.status == 200
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{full.url}/readyz", trust_env=False)


def test_asked_again_up_changes_nothing_and_says_where_it_serves(full: Full, house: House) -> None:
    before = house.pid("web")

    again = full.run("up")

    assert (again.returncode, house.pid("web")) == (0, before)
    assert full.url in again.stdout
    assert full.run("status").stdout.strip() == f"well, on {full.url}"


def test_every_process_tells_its_metrics(full: Full) -> None:
    urls = {f.stem: f.read_text().strip() for f in (full.data / "metrics").glob("*.url")}
    pages = {name: httpx.get(url, trust_env=False).text for name, url in urls.items()}

    assert pages.keys() == PROCESSES
    assert "vouch_sequencer_leads 1.0" in pages["sequencer"]
    assert "vouch_journal_backlog_records 0.0" in pages["web"]
    assert "vouch_relay_lag_records" in pages["relay"]


def test_nothing_in_the_folder_is_for_other_accounts(full: Full) -> None:
    def open_to_others(path: Path) -> bool:
        # The authority is for callers, and the register's file is the example's own.
        return path.name not in {"ca.pem", "register.json"} and path.stat().st_mode & 0o077 != 0

    assert full.data.stat().st_mode & 0o066 == 0
    assert [path.name for path in full.data.iterdir() if path.is_file() and open_to_others(path)] == []


@pytest.mark.parametrize(("role", "database"), [("decisions", "vouch"), ("vouch", "decisions")])
def test_no_room_opens_anothers_database(full: Full, role: str, database: str) -> None:
    place = open_place(full.data, full.port)
    address = place.database_url(role).rpartition("/")[0]

    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(f"{address}/{database}")


@pytest.mark.parametrize("name", ["sequencer", "relay"])
def test_what_carries_events_is_killed_and_the_next_case_still_speaks(
    company: Company, house: House, name: str
) -> None:
    killed = house.kill(name)
    house.wait_for_another(name, killed)

    applicant = company.open()
    applicant.send(front("genuine"))

    assert applicant.fact("document_type").data["value"] == "uk_driving_licence"


def test_a_case_goes_on_while_redis_is_away_and_up_brings_it_back(
    company: Company, full: Full, house: House
) -> None:
    redis, web = open_place(full.data, full.port).redis(), house.pid("web")
    redis.stop()

    applicant = company.open()
    applicant.send(front("genuine"))

    assert applicant.fact("document_type").data["value"] == "uk_driving_licence"
    assert full.run("up").returncode == 0
    assert (redis.alive, house.pid("web")) == (True, web)


def test_one_trace_leads_from_upload_to_decision_over_kafka(company: Company, full: Full) -> None:
    applicant = company.open()
    applicant.send(front("genuine"))
    applicant.film()
    applicant.submit()
    applicant.decided("approve")

    with psycopg.connect(open_place(full.data, full.port).database_url("vouch")) as connection:
        rows = connection.execute(
            "SELECT source, traceparent FROM journal WHERE subject = %s", (applicant.case,)
        ).fetchall()

    # Whichever other service has something to say of a case speaks in the same trace.
    assert {source for source, _ in rows} >= {"verification", "decisions"}
    assert {trace_id(traceparent) for _, traceparent in rows} == {applicant.case.replace("-", "")}
    assert (
        f"follows Kafka at {open_place(full.data, full.port).kafka().bootstrap}"
        in (full.data / "vouch.log").read_text()
    )


def test_after_down_nothing_runs_and_up_knows_every_case(company: Company, full: Full, house: House) -> None:
    applicant = company.open()
    ended = [house.pid(name) for name in PROCESSES]

    assert full.run("down").returncode == 0
    assert not any(_lives(pid) for pid in ended)
    assert full.run("status").stdout.strip() == "down"
    came_up = full.run("up")
    assert came_up.returncode == 0, came_up.stderr

    with company.http() as http:
        assert http.get(f"/v1/cases/{applicant.case}").json()["id"] == applicant.case


def _lives(pid: int) -> bool:
    until_s = time.monotonic() + 5
    while time.monotonic() < until_s:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.05)
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
