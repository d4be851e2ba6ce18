"""The register is away for a while and a client's dial is on: its cases wait, and small stakes go through."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.journeys.company import Applicant, Company
from tests.journeys.house import House, running_product
from tests.journeys.pictures import front

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

_DEADLINE_S = 15


@pytest.fixture(scope="module")
def patient() -> Iterator[House]:
    """A product of its own: its register is away.

    Without fraud, which would trust no second person with the same specimen: what it changes is proved in
    tests/consumers/decisions.
    """
    services = "audit,decisions,early_warning,notifications"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VOUCH_SERVICES", services)
        with running_product() as running:
            yield running


@pytest.fixture(scope="module")
def customer(patient: House) -> Company:
    company = patient.company("Patient Ltd")
    ((client,),) = patient.rows("main", "SELECT id FROM access_client WHERE name = ?", "Patient Ltd")
    dial = ("client", "dial", str(client), "register", "on", "--cap", "500.00 GBP")
    environment = os.environ | {"VOUCH_DATA": str(patient.served.data)}
    subprocess.run([sys.executable, "manage.py", *dial], env=environment, check=True, capture_output=True)
    return company


def _handed_in(customer: Company, stake: str) -> Applicant:
    applicant = customer.open(stake=stake)
    applicant.send(front("genuine"))
    applicant.film()
    applicant.submit()
    return applicant


def _snapshot(applicant: Applicant) -> dict[str, object]:
    with applicant.company.http() as http:
        answer: dict[str, object] = http.get(f"/v1/cases/{applicant.case}").raise_for_status().json()
    return answer


def test_cases_wait_out_an_outage_and_kills_and_small_stakes_are_approved_meanwhile(
    patient: House, customer: Company
) -> None:
    patient.set_register({"kind": "not_there"})
    small, great = _handed_in(customer, "20.00"), _handed_in(customer, "3000.00")
    submitted_s = time.monotonic()

    waits = small.heard(lambda a: a.kind == "waiting").data
    ahead = small.heard(lambda a: a.kind == "decision").data
    refused = great.heard(lambda a: a.kind == "decision").data
    assert waits["for"] == "licence_register"
    assert (ahead["outcome"], ahead["state"], ahead["missing"]) == ("approve", "provisional", ["register"])
    assert ahead["expires_at"] == waits["until"]
    assert (refused["outcome"], refused["state"], refused["missing"]) == (
        "refer",
        "provisional",
        ["register"],
    )

    for name in ("pipeline", "decisions"):
        patient.wait_for_another(name, patient.kill(name))
    time.sleep(max(0.0, submitted_s + _DEADLINE_S + 2 - time.monotonic()))
    assert [_snapshot(case)["status"] for case in (small, great)] == ["waiting", "waiting"]
    stands = "SELECT amount FROM access_trust WHERE released_at_us = 0"
    assert patient.rows("main", stands) == [("20.00",)]

    patient.set_register(None)
    for applicant in (small, great):
        assert applicant.decided("approve").data["state"] == "final"
        assert applicant.check("register").data["status"] == "clear"
    assert patient.rows("main", stands) == []
    said = [a.data["state"] for a in small.records() if a.kind == "decision"]
    assert said == ["provisional", "final"]
