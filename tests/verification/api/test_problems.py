"""Every error is a problem document."""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path

import pytest
from django.db import OperationalError
from django.test import RequestFactory
from rest_framework.test import APIClient

from events.errors import Erased, KeysAway
from protocol.problems import MEDIA_TYPE, PROBLEMS, Problem, Refused, body
from tests.verification.api.conftest import BASIS_BODY
from tests.verification.files import picture
from verification.api.problems import answer, not_found, server_error
from verification.evidence_store import EvidenceMissing

pytestmark = pytest.mark.django_db(databases="__all__")

LATER = [
    ("GET", "applicants/a/export"),
    ("POST", "applicants/a/erasure"),
    ("PUT", "applicants/a/retention"),
]


@pytest.mark.parametrize(("method", "path"), LATER)
def test_a_call_that_is_not_built_yet_says_so_to_those_who_may_ask(
    company: APIClient, nobody: APIClient, method: str, path: str
) -> None:
    told = company.generic(method, f"/v1/{path}")
    assert (told.status_code, told.json()["code"]) == (501, "not_yet")
    assert nobody.generic(method, f"/v1/{path}").status_code == 401


def test_a_wrong_method_names_the_right_ones(company: APIClient) -> None:
    told = company.delete("/v1/cases")
    assert (told.status_code, told.json()["code"]) == (405, "method_not_allowed")
    assert told["Content-Type"] == MEDIA_TYPE
    assert set(told["Allow"].split(", ")) >= {"GET", "POST"}


def test_an_address_that_leads_nowhere_is_a_problem_too(company: APIClient) -> None:
    told = company.get("/v1/nowhere")
    assert (told.status_code, told["Content-Type"]) == (404, MEDIA_TYPE)
    assert told.json()["code"] == "not_found"


def test_an_answer_in_a_form_we_do_not_speak_is_refused(company: APIClient) -> None:
    told = company.get("/v1/cases", headers={"Accept": "image/png"})
    assert (told.status_code, told.json()["code"]) == (406, "not_acceptable")


@pytest.mark.parametrize("error", [KeysAway("x"), OperationalError("locked"), EvidenceMissing("x")])
def test_what_is_away_asks_to_come_again(error: Exception) -> None:
    told = answer(error, {})
    assert told is not None
    assert (told.status_code, told["Retry-After"]) == (503, "5")


def test_erased_data_is_gone_for_good() -> None:
    told = answer(Erased("x"), {})
    assert told is not None
    assert told.status_code == 410


def test_a_fault_of_ours_is_left_to_the_houses_answer() -> None:
    assert answer(RuntimeError("a bug"), {}) is None
    told = server_error(RequestFactory().get("/"))
    assert (told.status_code, json.loads(told.content)["code"]) == (500, "failed")


def test_a_problem_carries_what_the_standard_and_the_contract_ask() -> None:
    told = body(Refused("conflict", "wait", until="2026-11-24"))
    assert told.keys() == {"type", "title", "status", "detail", "code", "until"}
    assert told["status"] == 409
    assert json.loads(not_found(RequestFactory().get("/"), ValueError()).content)["status"] == 404


@pytest.mark.parametrize("row", PROBLEMS.values(), ids=lambda row: row.code)
def test_every_problem_has_an_error_status_and_a_title(row: Problem) -> None:
    assert PROBLEMS[row.code] is row
    assert row.status >= HTTPStatus.BAD_REQUEST
    assert row.title


def test_no_problem_repeats_what_was_sent(company: APIClient, case: str, tmp_path: Path) -> None:
    with picture(tmp_path / "Ada-Specimen.jpg").open("rb") as file:
        told = company.post(f"{case}/evidence", {"kind": "Ada Specimen", "file": file})
    assert told.json()["field"] == "kind"
    assert "Specimen" not in told.content.decode()


@pytest.mark.parametrize(
    "sent",
    ['{"\\ud800": 1}', json.dumps(BASIS_BODY | {"basis": "\ud800"}), "[" * 100_000, '{"a":' * 100_000],
    ids=["half a surrogate pair as a member", "and as a value", "nested lists", "nested objects"],
)
def test_json_that_cannot_be_repeated_or_read_is_a_bad_request(
    company: APIClient, case: str, sent: str
) -> None:
    told = company.generic("POST", f"{case}/biometrics", sent, content_type="application/json")
    assert (told.status_code, told.json()["code"]) == (400, "invalid")


def _form(*members: str) -> str:
    head = '--b\r\nContent-Disposition: form-data; name="'
    return "".join(f"{head}{member}\r\n" for member in members) + "--b--\r\n"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (_form(*(f'm{n}"\r\n\r\nv' for n in range(2_000))), "invalid"),
        (_form(*(f'm{n}"; filename="a"\r\n\r\nv' for n in range(200))), "invalid"),
        (_form('kind"\r\n\r\n' + "v" * 2_000_000), "too_large"),
    ],
    ids=["too many members", "too many files", "a member too long"],
)
def test_a_form_that_the_framework_will_not_read_is_a_problem_too(
    company: APIClient, case: str, sent: str, code: str
) -> None:
    told = company.generic("POST", f"{case}/evidence", sent, content_type="multipart/form-data; boundary=b")
    assert (told.json()["code"], told["Content-Type"]) == (code, MEDIA_TYPE)


@pytest.mark.parametrize("strange", [{"query": "&".join(f"m{n}=1" for n in range(2_000))}, {"host": "a b"}])
def test_a_request_that_never_reaches_a_view_is_refused_as_a_problem(
    company: APIClient, strange: dict[str, str]
) -> None:
    headers = {"Host": strange.get("host", "testserver")}
    told = company.get(f"/v1/cases?{strange.get('query', '')}", headers=headers)
    assert (told.status_code, told["Content-Type"]) == (400, MEDIA_TYPE)
    assert told.json()["code"] == "invalid"


@pytest.mark.parametrize("name", ["%00", "a%00b", "%2e%2e"])
def test_an_id_that_no_database_could_hold_leads_nowhere(company: APIClient, case: str, name: str) -> None:
    for address in (f"/v1/cases/{name}/submit", f"{case}/evidence/{name}"):
        told = company.get(address)
        assert (told.status_code, told.json()["code"]) == (404, "not_found")
