"""Pictures that are not what they should be get a clear answer, and nothing is invented from them."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.journeys.company import Applicant, Company, codes
from tests.journeys.house import House
from tests.journeys.pictures import front
from tests.specimens.holders import HOLDER_A, HOLDER_B

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

_ASKED_AGAIN_WITHIN_S = 3.0
_OF_THE_FACE = {"liveness", "face_match"}


def _with_front(company: Company, picture: str, *, stake: str = "3000.00") -> Applicant:
    """Send one picture and nothing else, and wait until all is said about it."""
    applicant = company.open(stake=stake)
    assert applicant.send(front(picture)).status_code == 202
    applicant.submit()
    applicant.all_ended()
    return applicant


def _fields(applicant: Applicant) -> dict[str, object]:
    return {name: value for name, value in applicant.facts().items() if name.startswith("field.")}


@pytest.fixture
def away(house: House, company: Company) -> Iterator[Company]:
    """A company while the register is away."""
    house.set_register({"kind": "not_there"})
    yield company
    house.set_register(None)


@pytest.fixture(scope="module")
def only_a_front(company: Company) -> Applicant:
    return _with_front(company, "genuine")


def test_with_nothing_but_a_front_the_checks_of_the_face_lack_evidence(only_a_front: Applicant) -> None:
    assert codes(only_a_front.check("liveness")) == {"evidence_missing"}
    assert codes(only_a_front.check("face_match")) == {"evidence_missing"}


def test_with_nothing_but_a_front_everything_else_is_answered(only_a_front: Applicant) -> None:
    answers = only_a_front.all_ended()
    assert {name for name, status in answers.items() if status == "unavailable"} == _OF_THE_FACE
    assert only_a_front.decided("refer").data["state"] == "provisional"


def test_unreadable_text_is_called_unreadable_and_nothing_is_invented(company: Company) -> None:
    applicant = _with_front(company, "unreadable")
    assert _fields(applicant) == {}
    assert "unreadable" in codes(applicant.check("document"))
    assert applicant.facts()["age_over_minimum"] == "unknown"
    assert applicant.decided("refer").data["missing"] == []


def test_a_sideways_picture_is_unreadable_and_nothing_is_invented(company: Company) -> None:
    applicant = _with_front(company, "sideways")
    assert _fields(applicant) == {}
    assert codes(applicant.check("document")) == {"unreadable"}
    assert applicant.decided("refer").data["state"] == "provisional"


def test_an_upside_down_picture_is_read_as_if_it_were_upright(company: Company) -> None:
    applicant = _with_front(company, "upside down")
    assert _fields(applicant)["field.driver_number"] == HOLDER_A.driver_number
    assert _fields(applicant)["field.family_name"] == HOLDER_A.family_name
    assert applicant.check("document").data["status"] == "clear"


def test_a_picture_that_says_how_it_is_turned_is_read_upright(company: Company) -> None:
    applicant = _with_front(company, "turned, and says so")
    assert applicant.facts()["document_type"] == "uk_driving_licence"
    assert _fields(applicant)["field.driver_number"] == HOLDER_A.driver_number
    assert applicant.check("quality").data["status"] == "clear"


def test_a_desk_without_a_document_is_no_document(company: Company) -> None:
    applicant = _with_front(company, "no document")
    assert "no_document" in codes(applicant.check("document"))
    assert _fields(applicant) == {}
    assert applicant.decided("refer").data["state"] == "provisional"


def test_a_licence_without_its_ghost_image_is_not_clear(company: Company) -> None:
    applicant = _with_front(company, "no ghost")
    assert applicant.check("tamper").data["status"] not in {"clear", "not_applicable"}
    assert applicant.decided("refer").data["missing"] == []


def test_a_licence_without_a_portrait_has_no_face(company: Company) -> None:
    applicant = _with_front(company, "no portrait")
    assert applicant.facts()["portrait_found"] is False
    assert applicant.check("tamper").data["status"] not in {"clear", "not_applicable"}


def test_a_passport_is_read_from_its_zone_and_has_no_register(company: Company) -> None:
    applicant = _with_front(company, "passport")
    assert applicant.facts()["document_type"] == "passport"
    assert _fields(applicant)["field.document_number"] == HOLDER_A.passport_number
    assert applicant.check("register").data["status"] == "not_applicable"


def test_a_birth_date_that_cannot_be_read_leaves_the_age_unknown(company: Company) -> None:
    applicant = _with_front(company, "smeared birth date", stake="2.00")
    assert "field.date_of_birth" not in _fields(applicant)
    assert applicant.facts()["age_over_minimum"] == "unknown"
    assert codes(applicant.check("age")) == {"unreadable"}
    assert applicant.decided("refer").data["state"] == "provisional"


def test_a_low_stake_is_approved_for_now_and_then_finally(company: Company) -> None:
    applicant = _with_front(company, "genuine", stake="2.00")
    applicant.decided("approve")
    said = [(a.data["outcome"], a.data["state"]) for a in applicant.records() if a.kind == "decision"]
    assert said == [("approve", "provisional"), ("approve", "final")]
    first = next(a for a in applicant.records() if a.kind == "decision")
    assert first.data["missing"]
    assert first.data["expires_at"]


def test_the_same_file_twice_gets_the_same_receipt_and_is_looked_at_once(company: Company) -> None:
    applicant = company.open()
    first, second = (applicant.send(front("genuine")).json() for _ in range(2))
    applicant.check("tamper")
    assert first == second
    assert [a.kind for a in applicant.records()].count("evidence") == 1
    assert [a.data.get("fact") for a in applicant.records()].count("document_type") == 1


def test_a_second_front_replaces_the_first_in_every_answer(company: Company) -> None:
    applicant = company.open(holder=HOLDER_B)
    applicant.send(front("genuine"))
    applicant.check("consistency")
    second = applicant.send(front("another holder")).json()["id"]
    applicant.submit()
    applicant.heard(lambda a: a.kind == "check" and a.data["evidence"] == [second] and _is(a, "tamper"))
    applicant.heard(lambda a: a.kind == "check" and a.data["evidence"] == [second] and _is(a, "register"))
    with company.http() as http:
        told = http.get(f"/v1/cases/{applicant.case}").json()
    assert told["facts"]["field.family_name"]["value"] == HOLDER_B.family_name
    assert told["checks"]["comparison"]["evidence"] == [second]


def _is(arrived: object, check: str) -> bool:
    return getattr(arrived, "data", {}).get("check") == check


def test_the_register_is_not_asked_about_a_licence_that_was_replaced(house: House, away: Company) -> None:
    applicant = away.open()
    applicant.send(front("genuine"))
    applicant.fact("field.driver_number")
    applicant.send(front("unreadable"))
    assert codes(applicant.check("register")) == {"unreadable"}
    house.set_register(None)
    time.sleep(_ASKED_AGAIN_WITHIN_S)
    assert codes(applicant.check("register")) == {"unreadable"}
