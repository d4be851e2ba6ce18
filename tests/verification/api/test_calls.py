"""The calls of a case: who may make them, and what they answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from rest_framework.test import APIClient

from events import journal
from tests.verification.api.conftest import BASIS_BODY, caller, key_of
from tests.verification.files import clip, picture
from verification.models import Case

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.usefixtures("rebuilt")]

FOR_PHONES = ["biometrics", "biometrics/withdraw", "challenge", "submit", "review"]
FOR_CLIENTS = ["withdraw", "capture", "decision"]


def _body(call: str) -> dict[str, str]:
    return BASIS_BODY if call == "biometrics" else {}


def _send(client: APIClient, case: str, path: Path, **members: str) -> tuple[int, dict[str, object]]:
    with path.open("rb") as file:
        answer = client.post(f"{case}/evidence", {"kind": "document_front", "file": file} | members)
    return answer.status_code, answer.json()


@pytest.mark.parametrize("call", FOR_PHONES)
def test_a_phone_and_its_client_may_make_a_phones_calls(
    phone: APIClient, company: APIClient, case: str, call: str
) -> None:
    for somebody in (phone, company):
        assert somebody.post(f"{case}/{call}", _body(call), format="json").status_code in {201, 202}


@pytest.mark.parametrize("call", FOR_CLIENTS)
def test_a_phone_may_not_make_a_clients_calls(phone: APIClient, case: str, call: str) -> None:
    answer = phone.post(f"{case}/{call}", {}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden_scope")


@pytest.mark.parametrize("path", ["/v1/cases", "/v1/clients/me/policies"])
def test_a_phone_may_read_nothing_of_its_client(phone: APIClient, path: str) -> None:
    assert phone.get(path).status_code == 403


def test_a_phone_may_not_touch_another_case(phone: APIClient, company: APIClient) -> None:
    other = "/v1/cases/01990000-0000-7000-8000-000000000001"
    assert phone.post(f"{other}/submit").json()["code"] == "forbidden_scope"
    assert phone.get(f"{other}/capture").json()["code"] == "forbidden_scope"


@pytest.mark.parametrize("call", [*FOR_PHONES, *FOR_CLIENTS])
def test_a_case_of_others_or_of_the_other_mode_is_not_there(
    tester: APIClient, stranger: APIClient, case: str, call: str
) -> None:
    for somebody in (tester, stranger):
        answer = somebody.post(f"{case}/{call}", _body(call), format="json")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("call", [*FOR_PHONES, *FOR_CLIENTS, "evidence"])
def test_nobody_gets_in_without_a_key(nobody: APIClient, case: str, call: str) -> None:
    answer = nobody.post(f"{case}/{call}")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorised")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_challenge_is_answered_as_the_contract_says(phone: APIClient, case: str) -> None:
    answer = phone.post(f"{case}/challenge").json()
    assert answer.keys() == {"id", "record_ms", "actions", "expires_at"}
    assert answer["record_ms"] == 5000
    assert [action.keys() for action in answer["actions"]] == [{"do", "at_ms"}] * 2
    assert phone.post(f"{case}/challenge").json() == answer


def test_a_picture_gets_a_receipt_and_its_client_reads_it_back(
    phone: APIClient, company: APIClient, case: str, tmp_path: Path
) -> None:
    sent = picture(tmp_path / "a.jpg")
    status, receipt = _send(phone, case, sent)
    assert (status, set(receipt)) == (202, {"id", "sha256", "size", "media_type"})
    original = company.get(f"{case}/evidence/{receipt['id']}")
    assert original.content == sent.read_bytes()
    assert original["Content-Disposition"].startswith("attachment")
    viewed = journal.after(0, subject=case.rpartition("/")[2])[-1]
    assert viewed.envelope.type.endswith("PersonalDataViewed")


def test_originals_need_their_scope_and_are_not_for_phones(
    phone: APIClient, client_id: str, case: str, tmp_path: Path
) -> None:
    _, receipt = _send(phone, case, picture(tmp_path / "a.jpg"))
    writer = caller(key_of(client_id, scopes=("cases:write",)))
    for somebody in (writer, phone):
        assert somebody.get(f"{case}/evidence/{receipt['id']}").json()["code"] == "forbidden_scope"


def test_a_clip_with_its_challenge_is_taken_over_http(phone: APIClient, case: str, tmp_path: Path) -> None:
    challenge = phone.post(f"{case}/challenge").json()["id"]
    status, receipt = _send(phone, case, clip(tmp_path / "a.mp4"), kind="face_video", challenge=challenge)
    assert (status, receipt["media_type"]) == (202, "video/mp4")


@pytest.mark.parametrize(
    ("members", "field"),
    [({"kind": "selfie"}, "kind"), ({"colour": "blue"}, "colour"), ({"challenge": "x"}, "challenge")],
)
def test_a_form_with_a_wrong_member_is_refused(
    phone: APIClient, case: str, tmp_path: Path, members: dict[str, str], field: str
) -> None:
    status, problem = _send(phone, case, picture(tmp_path / "a.jpg"), **members)
    assert (status, problem["code"], problem["field"]) == (400, "invalid", field)


def test_an_empty_file_is_unreadable_and_a_missing_one_invalid(
    phone: APIClient, case: str, tmp_path: Path
) -> None:
    (tmp_path / "empty.jpg").write_bytes(b"")
    assert _send(phone, case, tmp_path / "empty.jpg")[1]["code"] == "unreadable"
    assert phone.post(f"{case}/evidence", {"kind": "document_front"}).json()["field"] == "file"


def test_evidence_as_json_is_refused_by_its_type(phone: APIClient, case: str) -> None:
    answer = phone.post(f"{case}/evidence", {}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media")


def test_evidence_after_submit_is_refused(phone: APIClient, case: str, tmp_path: Path) -> None:
    assert [phone.post(f"{case}/submit").status_code for _ in range(2)] == [202, 202]
    assert _send(phone, case, picture(tmp_path / "a.jpg"))[1]["code"] == "not_accepting"


def test_a_withdrawn_case_takes_nothing_more(company: APIClient, phone: APIClient, case: str) -> None:
    assert company.post(f"{case}/withdraw").status_code == 202
    assert phone.post(f"{case}/submit").json()["code"] == "not_accepting"
    assert Case.objects.get().status == "withdrawn"


def test_what_a_phone_needs_is_told_with_the_tokens_end(phone: APIClient, case: str) -> None:
    needs = phone.get(f"{case}/capture").json()
    assert needs["needs"] == ["document_front", "face_video"]
    assert (needs["requests"], needs["challenge_attempts_left"]) == ([], 3)
    assert needs["expires_at"].endswith("Z")


def test_a_fresh_capture_ends_the_phones_token_and_its_code_opens_once(
    company: APIClient, phone: APIClient, nobody: APIClient, case: str
) -> None:
    fresh = company.post(f"{case}/capture")
    code = {"code": fresh.json()["url"].partition("#")[2]}
    assert fresh.status_code == 201
    assert phone.get(f"{case}/capture").status_code == 401
    given = nobody.post("/v1/capture/exchange", code, format="json").json()
    assert f"/v1/cases/{given['case']}" == case
    assert caller(given["token"]).get(f"{case}/capture").status_code == 200
    assert nobody.post("/v1/capture/exchange", code, format="json").status_code == 401
