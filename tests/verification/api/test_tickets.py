"""`POST /v1/tickets`: who gets one, what it may be narrowed to, and where it is taken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from rest_framework.test import APIClient

from access.models import Ticket
from access.tickets import redeem
from tests.verification.api.conftest import caller, key_of

pytestmark = pytest.mark.django_db(databases="__all__")

URL = "/v1/tickets"


def _refusal(client: APIClient, body: object) -> tuple[int, str, str | None]:
    answer = client.post(URL, body, format="json")
    return answer.status_code, answer.json()["code"], answer.json().get("field")


def test_a_ticket_is_answered_with_its_end_and_is_kept_by_nobody_on_the_way(company: APIClient) -> None:
    answer = company.post(URL)

    assert answer.status_code == 201
    assert answer.json().keys() == {"ticket", "expires_at"}
    left = datetime.fromisoformat(answer.json()["expires_at"]) - datetime.now(UTC)
    assert timedelta(seconds=25) < left <= timedelta(seconds=30)
    assert answer["Cache-Control"] == "no-store"


def test_a_ticket_is_narrowed_as_its_body_says(company: APIClient, answer: dict[str, str]) -> None:
    body = {"scopes": ["feed:read"], "case": answer["id"]}
    ticket = company.post(URL, body, format="json").json()["ticket"]

    holder = redeem(ticket, now=datetime.now(UTC))

    assert (sorted(holder.scopes), holder.case) == (["feed:read"], answer["id"])


def test_a_phone_gets_no_ticket(phone: APIClient) -> None:
    assert _refusal(phone, {}) == (403, "forbidden_scope", None)
    assert not Ticket.objects.exists()


def test_nobody_gets_no_ticket(nobody: APIClient) -> None:
    assert _refusal(nobody, {}) == (401, "unauthorised", None)


def test_a_key_gets_no_ticket_that_may_more_than_itself(client_id: str) -> None:
    narrow = caller(key_of(client_id, scopes=("feed:read",)))

    assert _refusal(narrow, {"scopes": ["feed:read", "feed:personal"]}) == (403, "forbidden_scope", None)
    assert _refusal(caller(key_of(client_id, scopes=("cases:write",))), {})[:2] == (403, "forbidden_scope")


def test_a_case_of_others_or_of_the_other_side_is_not_there(
    stranger: APIClient, tester: APIClient, answer: dict[str, str]
) -> None:
    for somebody in (stranger, tester):
        assert _refusal(somebody, {"case": answer["id"]}) == (404, "not_found", None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"client": "cl_0000000000000000"}, "client"),
        ({"scopes": ["everything"]}, "scopes.0"),
        ({"scopes": []}, "scopes"),
        ({"scopes": "feed:read"}, "scopes"),
        ({"scopes": None}, "scopes"),
        ({"partition": "1/3"}, "partition"),
        ({"partition": [0, 4]}, "partition"),
        ({"case": "x"}, "case"),
    ],
)
def test_a_body_that_is_wrong_is_refused_with_its_field(
    company: APIClient, body: dict[str, object], field: str
) -> None:
    assert _refusal(company, body) == (400, "invalid", field)
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("body", ["[]", '"x"', "null", "{", "[" * 100_000])
def test_a_body_that_is_no_object_is_refused(company: APIClient, body: str) -> None:
    answer = company.post(URL, body, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize("path", ["/v1/cases", "/v1/clients/me/policies", "/v1/clients/me/deliveries"])
def test_a_ticket_is_not_taken_outside_the_feed_and_stays_unused(company: APIClient, path: str) -> None:
    ticket = company.post(URL).json()["ticket"]

    assert caller(ticket).get(path).status_code == 401
    assert caller(ticket).post(URL).status_code == 401

    assert redeem(ticket, now=datetime.now(UTC)).kind == "client"


def test_the_openapi_document_says_what_a_ticket_is_narrowed_by(nobody: APIClient) -> None:
    document = nobody.get("/v1/openapi.json").json()
    call = document["paths"]["/v1/tickets"]["post"]

    assert call["responses"].keys() == {"201", "4XX"}
    assert document["components"]["schemas"]["TicketForm"]["properties"].keys() == {
        "scopes",
        "partition",
        "case",
    }
