"""Calls that cannot be granted get a typed answer, on the running product."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.journeys.company import Applicant, Company
from tests.journeys.house import House
from tests.journeys.pictures import front, room
from tests.verification.files import clip, picture, png_bomb

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def stranger(house: House) -> Company:
    return house.company("Other Ltd")


@pytest.fixture(scope="module")
def applicant(company: Company) -> Applicant:
    return company.open()


def _code(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def test_a_truncated_picture_is_unreadable_and_leaves_only_its_event(applicant: Applicant) -> None:
    assert _code(applicant.send(front("genuine")[:400_000])) == (422, "unreadable")
    refused = applicant.heard(lambda a: a.kind == "evidence" and a.data.get("code") == "unreadable")
    assert refused.data == {"id": None, "kind": "document_front", "accepted": False, "code": "unreadable"}


def test_a_bomb_of_pixels_is_refused_by_its_header(applicant: Applicant, tmp_path: Path) -> None:
    bomb = png_bomb(tmp_path / "bomb.png").read_bytes()
    assert _code(applicant.send(bomb)) == (422, "too_many_pixels")


def test_text_that_calls_itself_a_picture_is_no_picture(applicant: Applicant) -> None:
    assert _code(applicant.send(b"This is the front of my licence.\n" * 40)) == (415, "unsupported_media")


def test_a_clip_of_no_bytes_is_unreadable(applicant: Applicant) -> None:
    challenge, _ = applicant.draw()
    assert _code(applicant.send(b"", "face_video", challenge)) == (422, "unreadable")


def test_a_clip_of_one_frame_is_too_short(company: Company, tmp_path: Path) -> None:
    applicant = company.open()
    challenge, _ = applicant.draw()
    one = clip(tmp_path / "one.mp4", seconds=0.1).read_bytes()
    assert _code(applicant.send(one, "face_video", challenge)) == (422, "too_short")


def test_a_clip_without_a_challenge_is_refused_as_needing_one(applicant: Applicant) -> None:
    assert _code(applicant.send(room(), "face_video")) == (422, "challenge_required")


def test_a_clip_for_the_challenge_of_another_case_is_refused(company: Company) -> None:
    challenge, _ = company.open().draw()
    answer = company.open().send(room(), "face_video", challenge)
    assert answer.status_code in {404, 422}


def test_evidence_after_submit_is_not_accepted(company: Company, tmp_path: Path) -> None:
    applicant = company.open()
    applicant.submit()
    late = picture(tmp_path / "late.jpg").read_bytes()
    assert _code(applicant.send(late)) == (409, "not_accepting")


@pytest.mark.parametrize("call", ["submit", "challenge", "withdraw", "review", "capture"])
def test_another_clients_case_is_not_there(stranger: Company, applicant: Applicant, call: str) -> None:
    with stranger.http() as http:
        assert _code(http.post(f"/v1/cases/{applicant.case}/{call}")) == (404, "not_found")


@pytest.mark.parametrize("path", ["", "/feed", "/evidence/0196a0a0-0000-7000-8000-000000000000"])
def test_another_clients_case_cannot_be_read(stranger: Company, applicant: Applicant, path: str) -> None:
    with stranger.http() as http:
        assert _code(http.get(f"/v1/cases/{applicant.case}{path}")) == (404, "not_found")


def test_a_token_that_was_replaced_opens_nothing_more(company: Company) -> None:
    applicant = company.open()
    with company.http() as http:
        assert http.post(f"/v1/cases/{applicant.case}/capture").status_code == 201
    assert _code(applicant.post("challenge")) == (401, "unauthorised")


def test_a_phone_may_read_its_own_case_only(company: Company, applicant: Applicant) -> None:
    other = company.open()
    with company.http(applicant.token) as http:
        assert http.get("/v1/feed").status_code == 403
        assert http.get(f"/v1/cases/{other.case}/feed").status_code == 404
