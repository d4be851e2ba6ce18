"""Processes that die in mid-case are started again, and the case ends once, with the same result."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.journeys.company import NINE, Applicant, Company, records_of
from tests.journeys.house import House, running_product
from tests.journeys.pictures import front

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

_PROCESSES = ("web", "pipeline", "vision", "feed", "decisions", "register")


@pytest.fixture(scope="module")
def fragile() -> Iterator[House]:
    """A product of its own: a supervisor starts ever more slowly what dies often."""
    with running_product() as running:
        yield running


@pytest.fixture(scope="module")
def customer(fragile: House) -> Company:
    return fragile.company("Patient Ltd")


def _hurt(house: House, name: str) -> None:
    """Kill a process, and see that another takes its place."""
    gone = house.kill(name)
    if name != "vision":
        house.wait_for_another(name, gone)


def _ends_once(applicant: Applicant) -> None:
    """All nine clear, one final decision, and no final answer said twice for the same evidence."""
    assert applicant.decided("approve").data["state"] == "final"
    assert applicant.all_ended() == dict.fromkeys(NINE, "clear")
    kinds = Counter((a.kind, a.data.get("state")) for a in applicant.records() if a.kind == "decision")
    assert kinds[("decision", "final")] == 1
    final = Counter(
        (a.data["check"], str(a.data["evidence"]))
        for a in applicant.records()
        if a.kind == "check" and a.record["final"]
    )
    assert set(final.values()) == {1}


def _is_whole(company: Company) -> None:
    """The feed has no hole and no double, and the open reader missed nothing."""
    numbers = [r["number"] for r in records_of(company.url, "/v1/feed", company.key)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert [a.record["number"] for a in company.follower.arrived] == numbers


@pytest.mark.parametrize("name", _PROCESSES)
def test_killed_after_submit_it_ends_once_with_the_same_result(
    fragile: House, customer: Company, name: str
) -> None:
    applicant = customer.open()
    applicant.send(front("genuine"))
    applicant.film()
    applicant.submit()
    _hurt(fragile, name)
    _ends_once(applicant)
    _is_whole(customer)


def test_an_upload_that_a_killed_web_process_was_judging_does_not_stay_in_clear(fragile: House) -> None:
    left = fragile.served.data / "uploads" / "tmpleft.upload.jpg"
    left.write_bytes(b"a picture in clear")

    _hurt(fragile, "web")

    until_s = time.monotonic() + 20
    while left.exists() and time.monotonic() < until_s:
        time.sleep(0.1)
    assert not left.exists()


@pytest.mark.parametrize("name", _PROCESSES)
def test_killed_between_two_uploads_it_ends_once_with_the_same_result(
    fragile: House, customer: Company, name: str
) -> None:
    applicant = customer.open()
    applicant.send(front("genuine"))
    _hurt(fragile, name)
    applicant.film()
    applicant.submit()
    _ends_once(applicant)
    _is_whole(customer)


def test_with_decisions_stopped_everything_else_goes_on_and_each_case_is_decided_once_later(
    fragile: House, customer: Company
) -> None:
    live = _refused_a_face(customer)
    live.decided("refer")
    stopped = fragile.pid("decisions")
    os.kill(stopped, signal.SIGSTOP)
    applicants = [_refused_a_face(customer) for _ in range(5)]
    assert not [a for applicant in applicants for a in applicant.records() if a.kind == "decision"]
    os.kill(stopped, signal.SIGKILL)
    for applicant in applicants:
        applicant.decided("refer")
    assert [_settled(applicant) for applicant in applicants] == [_settled(live)] * 5
    _is_whole(customer)


def _refused_a_face(customer: Company) -> Applicant:
    """Take somebody who sends a front only through to the end of all nine checks."""
    applicant = customer.open()
    applicant.send(front("genuine"))
    applicant.submit()
    applicant.all_ended()
    return applicant


def _settled(applicant: Applicant) -> list[tuple[object, object]]:
    said = [a.data for a in applicant.records() if a.kind == "decision" and not a.data["missing"]]
    return [(data["outcome"], data["state"]) for data in said]


def test_killed_again_and_again_while_cases_come_the_reader_hears_each_number_once(
    fragile: House, customer: Company
) -> None:
    enough = threading.Event()
    with ThreadPoolExecutor(2) as threads:
        loads = [threads.submit(_opened_until, customer, enough) for _ in range(2)]
        for name in ("feed", "web", "feed", "web"):
            fragile.wait_for_another(name, fragile.kill(name))
            time.sleep(2)
        enough.set()
        opened = {case for load in loads for case in load.result()}
    _hears_of_all(customer, opened)
    _is_whole(customer)


def _opened_until(customer: Company, enough: threading.Event) -> list[str]:
    """Open one case after another; what is not answered is asked again."""
    cases: list[str] = []
    while not enough.is_set():
        cases.append(customer.open().case)
    return cases


def _hears_of_all(customer: Company, cases: set[str]) -> None:
    until_s = time.monotonic() + 30
    while missing := cases - {str(a.record["case"]) for a in customer.follower.arrived}:
        assert time.monotonic() < until_s, f"not heard of: {missing}"
        time.sleep(0.2)
