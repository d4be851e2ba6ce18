"""Pictures as browsers get them, and the places marked on them."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO

import pytest
from django.test import Client as Browser
from PIL import Image

from access.principals import Principal
from events.keys import data_key, destroy_key, forget_cached
from events.models import ApplicantKey
from protocol.catalogue import PersonalClass
from protocol.schemas import verification_v1_pb2 as v
from tests.review.building import NOW, OPENING, PAGE, PORTRAIT, TEMPLATE, Desk, case_of
from tests.review.looking import case_at, picture_at, views_of
from tests.verification.files import clip
from verification.receiving import evidence_store

pytestmark = pytest.mark.django_db(databases="__all__")

CLIP = "01990000-0000-7000-8000-000000000009"


def _marks(page: str, picture: str) -> list[tuple[str, ...]]:
    """Read the rectangles drawn over a picture: x, y, width, height."""
    drawn = next(part for part in page.split("<figure")[1:] if picture in part)
    return re.findall(r'<rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"', drawn)


def _reason(code: str, evidence: str, *box: int) -> v.Reason:
    x, y, width, height = box
    return v.Reason(code=code, evidence_id=evidence, box=v.Box(x=x, y=y, width=width, height=height))


def test_a_picture_is_drawn_anew_upright_and_without_metadata(reviewer: Browser, desk: Desk) -> None:
    front = desk.send()

    answer = reviewer.get(picture_at(desk.case, front.id))

    with Image.open(BytesIO(answer.content)) as seen:
        assert (seen.format, seen.size) == ("JPEG", (48, 64))
        assert not seen.getexif()
    assert answer.content != (desk.folder / "document_front.jpg").read_bytes()


def test_a_picture_is_kept_by_no_browser_and_runs_nothing(reviewer: Browser, desk: Desk) -> None:
    answer = reviewer.get(picture_at(desk.case, desk.send().id))

    assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", "))
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_each_look_at_a_picture_is_recorded_with_its_id(reviewer: Browser, desk: Desk) -> None:
    front = desk.send()
    desk.cut(front)
    for picture in (front.id, PAGE, PORTRAIT):
        assert reviewer.get(picture_at(desk.case, picture)).status_code == 200

    assert views_of(desk.case) == [("evidence", front.id), ("evidence", PAGE), ("evidence", PORTRAIT)]


@pytest.mark.parametrize("picture", [TEMPLATE, "01990000-0000-7000-8000-0000000000ff"])
def test_a_template_or_an_unknown_id_is_no_picture(reviewer: Browser, desk: Desk, picture: str) -> None:
    desk.cut(desk.send())

    assert reviewer.get(picture_at(desk.case, picture)).status_code == 404
    assert views_of(desk.case) == []


def test_a_picture_is_found_under_its_own_case_only(reviewer: Browser, desk: Desk, asker: Principal) -> None:
    front = desk.send()
    other = case_of(asker, replace(OPENING, reference="order-2"))

    assert reviewer.get(picture_at(other, front.id)).status_code == 404


def test_marks_of_page_checks_land_on_the_page_in_its_own_pixels(reviewer: Browser, desk: Desk) -> None:
    front = desk.send()
    desk.cut(front)
    desk.judge("tamper", "suspected", front, _reason("text_altered", front.id, 610, 320, 766, 40))

    page = reviewer.get(case_at(desk.case)).content.decode()

    assert _marks(page, PAGE) == [("610", "320", "766", "40")]
    assert _marks(page, front.id) == []
    assert 'viewBox="0 0 1600 1010"' in page


def test_marks_of_quality_land_on_the_picture_as_it_was_sent(reviewer: Browser, desk: Desk) -> None:
    front = desk.send()
    desk.cut(front)
    desk.judge("quality", "caution", front, _reason("glare", front.id, 5, 6, 7, 8))

    page = reviewer.get(case_at(desk.case)).content.decode()

    assert _marks(page, front.id) == [("5", "6", "7", "8")]
    assert 'viewBox="0 0 48 64"' in page


def test_a_reason_and_its_place_share_a_number(reviewer: Browser, desk: Desk) -> None:
    front = desk.send()
    desk.cut(front)
    desk.judge("quality", "caution", front, _reason("glare", front.id, 5, 6, 7, 8))
    desk.judge("tamper", "suspected", front, _reason("text_altered", front.id, 1, 2, 3, 4))

    page = reviewer.get(case_at(desk.case)).content.decode()

    for number in (1, 2):
        assert f'href="#mark-{number}"' in page
        assert page.count(f'id="mark-{number}"') == 1


def test_portrait_fields_and_the_documents_edge_are_outlined(reviewer: Browser, desk: Desk) -> None:
    desk.cut(desk.send())

    page = reviewer.get(case_at(desk.case)).content.decode()

    assert 'points="1,2 40,2 40,60 1,60"' in page
    assert 'points="60,225 490,225 490,778 60,778"' in page
    assert "<title>Family name</title>" in page


def test_a_clip_is_shown_as_a_sheet_of_frames(reviewer: Browser, desk: Desk) -> None:
    received = v.EvidenceReceived(evidence_id=CLIP, evidence_kind="face_video", duration_ms=5000)
    desk.say(received)
    key = data_key(desk.row.applicant, PersonalClass.BIOMETRIC, create=True)
    evidence_store().put(CLIP, clip(desk.folder / "clip.mp4").read_bytes(), key)

    answer = reviewer.get(picture_at(desk.case, CLIP))

    with Image.open(BytesIO(answer.content)) as sheet:
        assert sheet.size == (1280, 4 * 480)


def test_an_erased_picture_is_gone_and_says_so(reviewer: Browser, desk: Desk) -> None:
    front = desk.send()
    destroy_key(desk.row.applicant, PersonalClass.IDENTITY, now=NOW)

    answer = reviewer.get(picture_at(desk.case, front.id))

    assert (answer.status_code, answer.content[:6]) == (410, b"Erased")


def test_a_picture_whose_key_is_away_may_be_asked_for_again(reviewer: Browser, desk: Desk) -> None:
    front = desk.send()
    ApplicantKey.objects.filter(applicant=desk.row.applicant).delete()
    forget_cached()

    answer = reviewer.get(picture_at(desk.case, front.id))

    assert answer.status_code == 503
    assert b"key store does not answer" in answer.content


def test_a_file_the_store_has_lost_is_told_in_words(reviewer: Browser, desk: Desk) -> None:
    front = desk.send()
    evidence_store().delete(front.id)

    answer = reviewer.get(picture_at(desk.case, front.id))

    assert answer.status_code == 404
    assert b"has not got this file" in answer.content


@pytest.mark.parametrize("data", [b"", b"text", b"\xff\xd8\xff\xe0 and then nothing"])
def test_derived_bytes_that_are_no_picture_are_told_in_words(
    reviewer: Browser, desk: Desk, data: bytes
) -> None:
    desk.cut(desk.send())
    evidence_store().put(PAGE, data, data_key(desk.row.applicant, PersonalClass.IDENTITY, create=False))

    answer = reviewer.get(picture_at(desk.case, PAGE))

    assert answer.status_code == 422
    assert b"may be damaged" in answer.content
