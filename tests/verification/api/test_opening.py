"""`/v1/cases`: opening and listing."""

from __future__ import annotations

from copy import deepcopy
from typing import cast

import pytest
from rest_framework.test import APIClient

from access.principals import authenticate
from tests.verification.api.conftest import BASIS_BODY, BODY, caller, key_of
from tests.verification.conftest import NOW
from verification.models import Case

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.usefixtures("rebuilt")]


def _open(client: APIClient, body: object = BODY, key: str = "k") -> tuple[int, dict[str, object]]:
    answer = client.post("/v1/cases", body, format="json", headers={"Idempotency-Key": key})
    return answer.status_code, answer.json()


def _changed(path: str, value: object) -> dict[str, object]:
    """Give the body with one member changed; the path with points, None: taken out."""
    body = cast("dict[str, object]", deepcopy(BODY))
    *way, last = path.split(".")
    inner = body
    for name in way:
        inner = cast("dict[str, object]", inner[name])
    inner.pop(last, None)
    if value is not None:
        inner[last] = value
    return body


def test_an_opened_case_is_answered_as_the_contract_says(answer: dict[str, object]) -> None:
    assert answer.keys() == {"id", "applicant", "status", "version", "live", "capture"}
    capture = cast("dict[str, str]", answer["capture"])
    assert (answer["status"], answer["version"], answer["live"]) == ("open", 1, True)
    assert capture["url"].startswith("http://testserver/capture/#")
    assert authenticate(f"Bearer {capture['token']}", now=NOW).case == answer["id"]


def test_everything_optional_may_be_sent(company: APIClient) -> None:
    claimed = {
        "document_number": "X1",
        "address": "1 Road",
        "email": "a@b.uk",
        "phone": "+44",
        "locale": "en-GB",
    }
    body = BODY | {"minimum_age": 18, "policy": "none", "biometrics": BASIS_BODY}
    body |= {"claimed": cast("dict[str, str]", BODY["claimed"]) | claimed}
    status, answer = _open(company, body)
    assert status == 201
    case = Case.objects.get(pk=answer["id"])
    assert (case.minimum_age, case.policy_name, case.biometric_basis) == (18, "none", "consent")
    assert case.version == 2


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("reference", "ada@example.com"),
        ("reference", "x" * 65),
        ("reference", "x\n"),
        ("reference", 7),
        ("stake", None),
        ("stake", "2.00"),
        ("stake.amount", 2.0),
        ("stake.tip", "1.00"),
        ("claimed.family_name", None),
        ("claimed.family_name", ""),
        ("claimed.given_names", "\u0000"),
        ("claimed.date_of_birth", "1990-02-30"),
        ("claimed.date_of_birth", "17.5.1990"),
        ("claimed.shoe_size", "42"),
        ("minimum_age", "18"),
        ("minimum_age", True),
        ("minimum_age", 0),
        ("applicant", "me"),
        ("biometrics", BASIS_BODY | {"basis": "guess"}),
        ("biometrics", BASIS_BODY | {"given_at": "2026-11-24"}),
        ("favourite", "blue"),
    ],
)
def test_a_wrong_member_is_refused_by_its_name(company: APIClient, path: str, value: object) -> None:
    status, problem = _open(company, _changed(path, value))
    assert (status, problem["code"]) == (400, "invalid")
    assert str(problem["field"]).startswith(path)
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    "stake", [{"amount": "two", "currency": "GBP"}, {"amount": "2.00", "currency": "XXQ"}]
)
def test_a_stake_that_is_no_money_is_refused(company: APIClient, stake: dict[str, str]) -> None:
    status, problem = _open(company, BODY | {"stake": stake})
    assert (status, problem["code"], problem["field"]) == (400, "invalid", "stake")


def test_a_policy_that_the_client_has_not_is_refused(company: APIClient) -> None:
    status, problem = _open(company, BODY | {"policy": "generous"})
    assert (status, problem["code"]) == (422, "no_policy")


@pytest.mark.parametrize(("amount", "policy"), [("10.00", "low_stake"), ("10.01", "full")])
def test_the_stake_chooses_the_policy(company: APIClient, amount: str, policy: str) -> None:
    _, answer = _open(company, BODY | {"stake": {"amount": amount, "currency": "GBP"}})
    assert Case.objects.get(pk=answer["id"]).policy_name == policy


def test_a_request_without_an_idempotency_key_is_refused(company: APIClient) -> None:
    problem = company.post("/v1/cases", BODY, format="json").json()
    assert (problem["code"], problem["field"]) == ("invalid", "Idempotency-Key")


def test_the_same_key_and_body_open_one_case_and_another_body_none(company: APIClient) -> None:
    first, again = _open(company)[1], _open(company)
    assert (again[0], again[1]["id"]) == (201, first["id"])
    assert again[1]["capture"] != first["capture"]
    assert _open(company, BODY | {"reference": "order-2"})[1]["code"] == "idempotency_mismatch"
    assert Case.objects.count() == 1


@pytest.mark.parametrize("body", ["{", '"text"', "[1]", '{"a": NaN}', ""])
def test_a_body_that_is_no_object_is_refused(company: APIClient, body: str) -> None:
    headers = {"Idempotency-Key": "k"}
    answer = company.generic("POST", "/v1/cases", body, "application/json", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_a_body_of_another_type_is_refused(company: APIClient) -> None:
    answer = company.generic("POST", "/v1/cases", "a=1", "text/plain", headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media")


def test_the_list_holds_the_clients_own_live_cases_newest_first(
    company: APIClient, tester: APIClient, stranger: APIClient
) -> None:
    mine = [_open(company, BODY | {"reference": f"r{n}"}, key=f"k{n}")[1]["id"] for n in range(3)]
    _open(tester)
    _open(stranger)
    listed = company.get("/v1/cases").json()
    assert [row["id"] for row in listed["cases"]] == mine[::-1]
    assert listed["cursor"] is None


def test_the_list_is_narrowed_by_reference_status_and_time(company: APIClient) -> None:
    ids = [_open(company, BODY | {"reference": f"r{n}"}, key=f"k{n}")[1]["id"] for n in range(2)]
    company.post(f"/v1/cases/{ids[1]}/withdraw")

    def found(query: str) -> list[str]:
        return [row["id"] for row in company.get(f"/v1/cases?{query}").json()["cases"]]

    assert found("reference=r0") == [ids[0]]
    assert found("status=withdrawn") == [ids[1]]
    assert found(f"cursor={ids[1]}") == [ids[0]]
    assert found("created_after=2999-01-01T00:00:00Z") == []


def test_a_query_that_nobody_knows_is_refused(company: APIClient) -> None:
    problem = company.get("/v1/cases?colour=blue").json()
    assert (problem["code"], problem["field"]) == ("invalid", "colour")


def test_a_key_without_the_scope_opens_and_lists_nothing(client_id: str) -> None:
    reader = caller(key_of(client_id, scopes=("feed:personal",)))
    assert _open(reader)[1]["code"] == "forbidden_scope"
    assert reader.get("/v1/cases").json()["code"] == "forbidden_scope"
