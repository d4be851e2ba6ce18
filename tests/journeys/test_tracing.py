"""One trace from upload to decision: over the web, the pipeline, the register and the decisions service."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

import httpx
import pytest

from config.services import beside
from protocol.trace import trace_id
from tests.journeys.company import Applicant, Company
from tests.journeys.house import House
from tests.journeys.pictures import front

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
_SUFFIXES = ("CaseOpened", "EvidenceReceived", "FieldsRead", "CallAsked", "CheckCompleted", "DecisionReached")


GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def decided(company: Company) -> Applicant:
    return _approved(company)


def _approved(company: Company) -> Applicant:
    applicant = company.open()
    assert applicant.send(front("genuine")).status_code == 202
    assert applicant.film().status_code == 202
    applicant.submit()
    applicant.decided("approve")
    return applicant


def _traces(house: House, case: str) -> dict[str, set[str]]:
    """The trace ids of a case's events, by who said them and what."""
    address = f"file:{house.served.data / 'main.sqlite3'}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=20)) as connection:
        rows = connection.execute("SELECT type, source, traceparent FROM journal WHERE subject = ?", (case,))
        found: dict[str, set[str]] = {}
        for type_, source, traceparent in rows:
            found.setdefault(f"{source} {type_.rsplit('.')[-1]}", set()).add(trace_id(traceparent))
    return found


def test_every_event_of_a_case_is_in_one_trace_across_the_processes(house: House, decided: Applicant) -> None:
    traces = _traces(house, decided.case)

    said = {name.split()[1] for name in traces}
    assert said.issuperset(_SUFFIXES)
    assert {"verification", "decisions"} <= {name.split()[0] for name in traces}
    assert set().union(*traces.values()) == {decided.case.replace("-", "")}


def test_a_callers_own_trace_goes_as_far_as_the_decision(house: House, company: Company) -> None:
    applicant = _approved(replace(company, traceparent=GIVEN))

    assert set().union(*_traces(house, applicant.case).values()) == {trace_id(GIVEN)}


def test_every_process_tells_its_metrics_on_the_loopback_address(house: House, decided: Applicant) -> None:
    urls = {f.stem: f.read_text().strip() for f in (house.served.data / "metrics").glob("*.url")}
    pages = {name: httpx.get(url, trust_env=False).text for name, url in urls.items()}

    assert pages.keys() == {"web", "pipeline", "feed", *(one.name for one in beside())}
    assert 'vouch_subscriber_handled_total{subscriber="decisions"}' in pages["decisions"]
    assert 'vouch_step_work_seconds_count{outcome="answered"' in pages["pipeline"]
    assert 'vouch_http_requests_total{area="/v1/cases",method="POST",status="202"}' in pages["web"]
    assert "vouch_journal_head_records" in pages["web"]
    for page in pages.values():
        assert decided.case not in page
        assert "Betting" not in page
