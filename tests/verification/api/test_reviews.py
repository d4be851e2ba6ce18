"""Asking for a person and deciding as one, over HTTP: who may, what is refused, and what is answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from rest_framework.test import APIClient

from access.clients import switch_reviewers
from access.models import ClientKey
from events import journal
from events.journal import Draft
from protocol.schemas import decisions_v1_pb2 as d
from protocol.schemas import verification_v1_pb2 as v
from tests.verification.api.conftest import BODY, caller, key_of
from verification.models import Case

if TYPE_CHECKING:
    from rest_framework.response import _MonkeyPatchedResponse as Response

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.usefixtures("rebuilt")]

APPROVE = {"outcome": "approve"}
DECLINE = {"outcome": "decline", "reasons": ["printed_copy", "blurred"]}


@pytest.fixture
def reviewing(client_id: str) -> None:
    """Let the client's own reviewers decide."""
    switch_reviewers(client=client_id, on=True, now=datetime.now(UTC))


def decide(client: APIClient, case: str, body: object = APPROVE) -> Response:
    return client.post(f"{case}/decision", body, format="json")


def told(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def concluded(case: str) -> list[v.ReviewConcluded]:
    events = journal.after(0, subject=case.rpartition("/")[2])
    return [e.message for e in events if isinstance(e.message, v.ReviewConcluded)]


def status(case: str) -> str:
    return Case.objects.get(pk=case.rpartition("/")[2]).status


def policy_says(case: str, outcome: str, state: str = "final") -> None:
    said = d.DecisionReached(outcome=outcome, state=state)
    draft = Draft(message=said, subject=case.rpartition("/")[2], client="c", source="decisions")
    journal.record([draft], now=datetime.now(UTC))


@pytest.mark.usefixtures("reviewing")
def test_a_clients_reviewer_decides_with_the_key_that_says_it(company: APIClient, case: str) -> None:
    answer = decide(company, case, DECLINE)

    assert (answer.status_code, answer.content) == (202, b"")
    (said,) = concluded(case)
    assert (said.by, said.outcome, list(said.reasons)) == ("client", "decline", DECLINE["reasons"])
    assert ClientKey.objects.filter(key_id=said.reviewer_id).exists()
    assert status(case) == "decided"


def test_without_the_clients_setting_nobody_of_its_own_decides(company: APIClient, case: str) -> None:
    answer = decide(company, case)

    assert told(answer) == (403, "forbidden_scope")
    assert "switch that on" in answer.json()["detail"]
    assert concluded(case) == []


@pytest.mark.usefixtures("reviewing")
def test_a_setting_that_was_taken_back_counts_from_the_next_call(
    company: APIClient, client_id: str, case: str
) -> None:
    assert decide(company, case).status_code == 202
    switch_reviewers(client=client_id, on=False, now=datetime.now(UTC))

    assert told(decide(company, case, DECLINE)) == (403, "forbidden_scope")


@pytest.mark.usefixtures("reviewing")
def test_a_phone_and_a_key_that_may_not_write_decide_nothing(
    phone: APIClient, client_id: str, case: str
) -> None:
    reader = caller(key_of(client_id, scopes=("feed:read",)))

    for somebody in (phone, reader):
        assert told(decide(somebody, case)) == (403, "forbidden_scope")


@pytest.mark.usefixtures("reviewing")
def test_a_case_of_others_or_of_the_other_mode_is_not_there_to_decide(
    tester: APIClient, stranger: APIClient, case: str
) -> None:
    for somebody in (tester, stranger):
        assert told(decide(somebody, case)) == (404, "not_found")


@pytest.mark.usefixtures("reviewing")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "outcome"),
        ({"outcome": "accept"}, "outcome"),
        ({"outcome": None}, "outcome"),
        ({"outcome": ["approve"]}, "outcome"),
        ({"outcome": "approve", "because": "I know her"}, "because"),
        ({"outcome": "approve", "reasons": "blurred"}, "reasons"),
        ({"outcome": "approve", "reasons": [7]}, "reasons"),
        ({"outcome": "approve", "reasons": [None]}, "reasons"),
        ({"outcome": "approve", "reasons": ["i_do_not_like_it"]}, "reasons"),
        ({"outcome": "approve", "reasons": ["blurred"] * 21}, "reasons"),
    ],
)
def test_a_body_with_a_wrong_member_is_refused_with_its_field(
    company: APIClient, case: str, body: object, field: str
) -> None:
    answer = decide(company, case, body)

    assert told(answer) == (400, "invalid")
    assert answer.json()["field"].partition(".")[0] == field
    assert concluded(case) == []


@pytest.mark.usefixtures("reviewing")
@pytest.mark.parametrize("body", ["approve", [], [APPROVE], 1, None])
def test_a_body_that_is_no_object_is_refused(company: APIClient, case: str, body: object) -> None:
    assert told(decide(company, case, body)) == (400, "invalid")


@pytest.mark.usefixtures("reviewing")
def test_said_twice_it_is_once_and_another_outcome_corrects_it(company: APIClient, case: str) -> None:
    for body in (APPROVE, APPROVE, DECLINE, DECLINE):
        assert decide(company, case, body).status_code == 202

    assert [(said.outcome, bool(said.corrects)) for said in concluded(case)] == [
        ("approve", False),
        ("decline", True),
    ]


@pytest.mark.usefixtures("reviewing")
def test_a_withdrawn_case_is_not_decided(company: APIClient, case: str) -> None:
    company.post(f"{case}/withdraw")

    assert told(decide(company, case)) == (409, "not_accepting")


@pytest.mark.usefixtures("reviewing")
def test_a_case_without_a_policy_is_decided_by_its_client(company: APIClient) -> None:
    headers = {"Idempotency-Key": "none"}
    opened = company.post("/v1/cases", {**BODY, "policy": "none"}, format="json", headers=headers).json()
    case = f"/v1/cases/{opened['id']}"
    company.post(f"{case}/submit")
    assert status(case) == "checked"

    assert decide(company, case).status_code == 202

    assert status(case) == "decided"


@pytest.mark.parametrize("who", ["phone", "company"])
def test_an_automated_decline_is_contested_by_the_applicant_and_by_the_client(
    request: pytest.FixtureRequest, case: str, who: str
) -> None:
    policy_says(case, "decline")

    for _ in range(2):
        assert request.getfixturevalue(who).post(f"{case}/review").status_code == 202

    assert status(case) == "in_review"


@pytest.mark.parametrize("who", ["phone", "company"])
def test_a_case_in_review_is_not_asked_about_again(
    request: pytest.FixtureRequest, case: str, who: str
) -> None:
    policy_says(case, "refer", "provisional")

    assert told(request.getfixturevalue(who).post(f"{case}/review")) == (409, "conflict")


@pytest.mark.usefixtures("reviewing")
def test_an_applicant_does_not_contest_a_person(company: APIClient, phone: APIClient, case: str) -> None:
    decide(company, case, DECLINE)

    assert told(phone.post(f"{case}/review")) == (409, "conflict")
    assert company.post(f"{case}/review").status_code == 202


def test_the_openapi_document_says_how_to_decide(nobody: APIClient) -> None:
    document = nobody.get("/v1/openapi.json").json()
    call = document["paths"]["/v1/cases/{case}/decision"]["post"]
    name = call["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    body = document["components"]["schemas"][name]

    assert {"202", "4XX"} <= call["responses"].keys()
    assert (body["required"], set(body["properties"])) == (["outcome"], {"outcome", "reasons"})
