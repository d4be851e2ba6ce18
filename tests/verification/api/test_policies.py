"""A client's policies: data that it changes itself, while everything runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import pytest
from rest_framework.test import APIClient

from tests.verification.api.conftest import BODY, caller, key_of
from verification.models import Case

if TYPE_CHECKING:
    from rest_framework.response import _MonkeyPatchedResponse as Response

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.usefixtures("rebuilt")]

POLICIES = "/v1/clients/me/policies"
RULES = [
    {"outcome": "decline", "when": {"check": "tamper", "is": ["rejected"]}},
    {"outcome": "approve", "when": {"document": ["passport"]}},
]
MIDDLE = {"stake": {"currency": "GBP", "over": "10.00", "up_to": "100.00"}, "rules": RULES}


def put(company: APIClient, name: str, policy: Mapping[str, object] | str) -> Response:
    text = policy if isinstance(policy, str) else json.dumps(policy)
    return company.generic("PUT", f"{POLICIES}/{name}", text, content_type="application/json")


def names(company: APIClient) -> dict[str, int]:
    return {row["name"]: row["version"] for row in company.get(POLICIES).json()["policies"]}


def opened(company: APIClient, amount: str, **members: object) -> Response:
    stake = {"amount": amount, "currency": "GBP"}
    headers = {"Idempotency-Key": f"{amount} {members}"}
    return company.post("/v1/cases", {**BODY, "stake": stake, **members}, format="json", headers=headers)


def pinned(answer: Response) -> tuple[str, int]:
    assert answer.status_code == 201, answer.content
    case = Case.objects.get(pk=answer.json()["id"])
    return case.policy_name, case.policy_version


def test_a_new_client_has_the_two_shipped_ones_and_sees_what_they_say(company: APIClient) -> None:
    listed = company.get(POLICIES).json()["policies"]

    assert [(row["name"], row["version"]) for row in listed] == [("low_stake", 1), ("full", 1)]
    assert listed[0]["stake"] == {"currency": "GBP", "up_to": "10.00"}
    assert [rule["outcome"] for rule in listed[1]["rules"]] == ["decline", "refer", "approve"]


def test_what_holds_while_the_register_is_away_is_put_and_listed(company: APIClient) -> None:
    rules = [{"outcome": "approve", "when": {"check": "register", "is": ["clear"]}}]
    own = {"away": {"register": "refer"}, "deadline_s": 8}

    said = put(company, "patient", {"rules": rules, **own})

    assert said.status_code == 200, said.content
    (listed,) = [p for p in company.get(POLICIES).json()["policies"] if p["name"] == "patient"]
    assert {name: listed[name] for name in own} == own
    assert put(company, "patient", {"rules": rules}).json()["version"] == 2


def test_what_is_listed_can_be_put_as_it_is(company: APIClient) -> None:
    for row in company.get(POLICIES).json()["policies"]:
        name, version = row.pop("name"), row.pop("version")

        assert put(company, name, row).json()["version"] == version


def test_a_policy_is_for_the_cases_that_are_opened_after_it(company: APIClient) -> None:
    before = opened(company, "50.00")

    said = put(company, "middle", MIDDLE)
    after = opened(company, "60.00")

    assert (said.status_code, said.json()["version"]) == (200, 1)
    assert (pinned(before), pinned(after)) == (("full", 1), ("middle", 1))


def test_a_shipped_policy_is_changed_by_a_version_of_ones_own(company: APIClient) -> None:
    said = put(company, "full", {"stake": "otherwise", "rules": RULES})

    assert said.json()["version"] == 2
    assert pinned(opened(company, "5000.00")) == ("full", 2)


def test_the_same_policy_again_is_no_new_version(company: APIClient) -> None:
    versions = [put(company, "middle", MIDDLE).json()["version"] for _ in range(2)]
    spread = put(company, "middle", json.dumps(MIDDLE, indent=4)).json()["version"]

    assert (versions, spread) == ([1, 1], 1)
    assert put(company, "middle", {"rules": RULES}).json()["version"] == 2


def test_a_policy_with_an_error_is_refused_whole_with_its_line(company: APIClient) -> None:
    text = json.dumps(MIDDLE, indent=1).replace("rejected", "refused")

    told = put(company, "middle", text)

    assert (told.status_code, told.json()["code"]) == (422, "invalid_policy")
    line = text[: text.index("refused")].count("\n") + 1
    assert told.json()["detail"].startswith(f"line {line}: 'refused' is none of")
    assert told.json()["field"] == "/rules/0/when/is/0"
    assert names(company) == {"low_stake": 1, "full": 1}


@pytest.mark.parametrize("text", ["", "null", "{", "\ud7ff", '{"rules": []}'])
def test_what_is_no_policy_is_refused(company: APIClient, text: str) -> None:
    assert put(company, "middle", text).json()["code"] == "invalid_policy"


def test_bytes_that_are_no_text_are_refused(company: APIClient) -> None:
    # The stubs say text; what is sent is what is given.
    no_text = cast("str", b"\xff\xfe")

    told = company.generic("PUT", f"{POLICIES}/middle", no_text, content_type="application/json")

    assert told.status_code == 400


def test_another_media_type_is_refused(company: APIClient) -> None:
    told = company.generic("PUT", f"{POLICIES}/middle", "rules: []", content_type="text/yaml")

    assert (told.status_code, told.json()["code"]) == (415, "unsupported_media")


def test_more_than_a_policy_is_long_is_refused(company: APIClient) -> None:
    assert put(company, "middle", " " * 200_000).json()["code"] == "too_large"


@pytest.mark.parametrize("name", ["none", "Middle", "a b", "1"])
def test_a_name_that_no_case_could_ask_for_is_refused(company: APIClient, name: str) -> None:
    assert put(company, name, MIDDLE).json()["code"] == "invalid_policy"


def test_a_stake_that_two_policies_are_for_opens_no_case(company: APIClient) -> None:
    put(company, "middle", {**MIDDLE, "stake": {"currency": "GBP", "up_to": "100.00"}})

    told = opened(company, "5.00")

    assert (told.status_code, told.json()["code"]) == (422, "no_policy")
    assert "low_stake and middle" in told.json()["detail"]
    assert pinned(opened(company, "5.00", policy="middle")) == ("middle", 1)


def test_a_policy_by_name_only_is_chosen_by_no_stake(company: APIClient) -> None:
    put(company, "by_hand", {"rules": RULES})

    assert pinned(opened(company, "50.00")) == ("full", 1)
    assert pinned(opened(company, "50.00", policy="by_hand")) == ("by_hand", 1)


def test_a_clients_policies_are_nobody_elses(company: APIClient, stranger: APIClient) -> None:
    put(company, "middle", MIDDLE)

    assert names(stranger) == {"low_stake": 1, "full": 1}
    assert opened(stranger, "50.00", policy="middle").json()["code"] == "no_policy"


def test_only_a_key_that_may_write_policies_does(client_id: str, phone: APIClient, nobody: APIClient) -> None:
    reader = caller(key_of(client_id, scopes=("cases:write",)))

    assert put(reader, "middle", MIDDLE).json()["code"] == "forbidden_scope"
    assert put(phone, "middle", MIDDLE).status_code == 403
    assert put(nobody, "middle", MIDDLE).status_code == 401


def test_a_client_has_no_more_policies_than_a_case_can_choose_among(company: APIClient) -> None:
    for number in range(98):
        assert put(company, f"p{number}", {"rules": RULES}).status_code == 200

    assert put(company, "one_more", {"rules": RULES}).json()["code"] == "invalid_policy"
    assert put(company, "p7", MIDDLE).json()["version"] == 2
