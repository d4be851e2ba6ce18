"""Recordings that do not show what was asked, or not the one person, are never clear."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.journeys.company import Applicant, Asked, Company, codes
from tests.journeys.pictures import front, room
from tests.specimens.clips import Look
from tests.specimens.portraits import portrait

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


def _swapped(asked: Asked) -> Asked:
    first, second = asked
    return replace(second, at_ms=first.at_ms), replace(first, at_ms=second.at_ms)


def _only_first(asked: Asked) -> Asked:
    return asked[:1]


def _late(asked: Asked) -> Asked:
    """Begin the last action well after the 1,200 ms that are given for it."""
    return asked[0], replace(asked[1], at_ms=asked[1].at_ms + 1400)


def _nothing(_asked: Asked) -> Asked:
    return ()


@pytest.mark.parametrize("does", [_swapped, _only_first, _late, _nothing])
def test_a_challenge_that_was_not_done_as_asked_is_not_followed(company: Company, does: object) -> None:
    applicant = company.open()
    assert callable(does)
    assert applicant.film(Look(seconds=6.0, blinks=0), does=does).status_code == 202
    liveness = applicant.check("liveness")
    assert codes(liveness) >= {"challenge_not_followed"}
    assert liveness.data["status"] == "suspected"


def test_a_clip_with_nobody_in_it_has_no_face(company: Company) -> None:
    applicant = company.open()
    challenge, _ = applicant.draw()
    assert applicant.send(room(), "face_video", challenge).status_code == 202
    assert codes(applicant.check("liveness")) == {"no_face"}
    assert applicant.facts()["face_seen"] is False


def test_two_faces_before_the_camera_are_noticed(company: Company) -> None:
    applicant = company.open()
    applicant.film(Look(beside=portrait("biden")))
    liveness = applicant.check("liveness")
    assert "two_faces" in codes(liveness)
    assert liveness.data["status"] not in {"clear", "not_applicable"}


def test_a_photo_of_a_face_never_proves_that_somebody_is_alive(company: Company) -> None:
    applicant = company.open()
    assert applicant.send(front("genuine"), "face_photo").status_code == 202
    assert codes(applicant.check("liveness")) >= {"challenge_not_asked"}
    assert applicant.check("liveness").data["status"] == "unavailable"


@pytest.fixture(scope="module")
def without_basis(company: Company) -> Applicant:
    applicant = company.open(basis=False)
    applicant.send(front("genuine"))
    applicant.film()
    applicant.submit()
    return applicant


def test_without_a_basis_no_face_is_measured(without_basis: Applicant) -> None:
    for name in ("liveness", "face_match", "tamper"):
        answer = without_basis.check(name, code="no_biometric_basis")
        assert (answer.data["status"], answer.record["final"]) == ("unavailable", False)
    without_basis.decided("refer")
    assert "face_seen" not in without_basis.facts()


def test_a_basis_recorded_late_lets_the_faces_be_measured(without_basis: Applicant) -> None:
    without_basis.check("face_match", code="no_biometric_basis")
    without_basis.decided("refer")
    given = {"basis": "consent", "text_version": "1", "locale": "en-GB", "given_at": "2026-01-05T10:00:00Z"}
    assert without_basis.post("biometrics", given).status_code == 202
    decision = without_basis.decided("approve")
    assert decision.data["state"] == "final"
    assert set(without_basis.answers().values()) == {"clear"}
