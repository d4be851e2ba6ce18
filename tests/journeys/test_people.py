"""A company's own reviewers decide, and an applicant asks for a person; the services may stand still."""

from __future__ import annotations

import pytest

from tests.journeys.company import Applicant, Company, records_of
from tests.journeys.house import House
from tests.journeys.pictures import front

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

_OLDER_THAN_ANYBODY = 140


@pytest.fixture(scope="module")
def reviewing(house: House) -> Company:
    """A company whose own reviewers may decide."""
    return house.reviewing_company("Careful Ltd")


def _checked(company: Company, *, minimum_age: int = 18) -> Applicant:
    """Take somebody who sends a front only through to the end of all nine checks."""
    applicant = company.open(minimum_age=minimum_age)
    applicant.send(front("genuine"))
    applicant.submit()
    applicant.all_ended()
    return applicant


def _decide(applicant: Applicant, outcome: str, *reasons: str) -> int:
    """Decide a case as the company's reviewer; gives the answer's status."""
    body = {"outcome": outcome, "reasons": [*reasons]}
    with applicant.company.http() as http:
        return http.post(f"/v1/cases/{applicant.case}/decision", json=body).status_code


def _decisions(applicant: Applicant) -> list[tuple[object, ...]]:
    said = (a.data for a in applicant.records() if a.kind == "decision")
    return [(data["by"], data["outcome"], data["state"]) for data in said]


def _status(applicant: Applicant, status: str) -> None:
    applicant.heard(lambda a: a.kind == "case" and a.data["status"] == status)


def _outcomes(applicant: Applicant) -> list[object]:
    """What the applicant's phone was told of decisions."""
    path = f"/v1/cases/{applicant.case}/feed"
    frames = records_of(applicant.company.url, path, applicant.token)
    told = (frame["data"] for frame in frames if frame["kind"] == "outcome")
    return [data["outcome"] for data in told if isinstance(data, dict)]


def test_a_companys_reviewer_decides_while_the_decisions_service_stands_still(
    house: House, reviewing: Company
) -> None:
    with house.stopped("decisions"):
        applicant = _checked(reviewing)
        assert _decisions(applicant) == []

        assert _decide(applicant, "decline", "blurred") == 202

        decision = applicant.decided("decline")
        _status(applicant, "decided")
        with reviewing.http() as http:
            snapshot = http.get(f"/v1/cases/{applicant.case}").json()
        assert snapshot["status"] == "decided"
        assert snapshot["decision"]["number"] == decision.record["number"]
        assert _outcomes(applicant) == ["not_approved"]
    # The service has come past the case once it has decided a later one.
    _checked(reviewing).decided("refer")
    assert _decisions(applicant) == [("reviewer", "decline", "final")]


def test_an_applicant_contests_an_automated_decline_and_a_person_approves(reviewing: Company) -> None:
    applicant = _checked(reviewing, minimum_age=_OLDER_THAN_ANYBODY)
    applicant.decided("decline")

    assert applicant.post("review").status_code == 202
    _status(applicant, "in_review")
    assert _decide(applicant, "approve") == 202

    applicant.decided("approve")
    decided = [("policy", "decline", "final"), ("reviewer", "approve", "corrected")]
    assert _decisions(applicant)[-2:] == decided
    assert _outcomes(applicant) == ["not_approved", "approved"]


def test_a_company_whose_setting_is_off_decides_nothing_itself(company: Company) -> None:
    assert _decide(company.open(), "approve") == 403
