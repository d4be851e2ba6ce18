"""The main job: an honest applicant is approved, dishonest ones are not, and the register may be away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.journeys.company import NINE, Applicant, Company, codes
from tests.journeys.house import House
from tests.journeys.pictures import front
from tests.specimens.clips import Look

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def _whole(company: Company, picture: str = "genuine", look: Look = Look()) -> Applicant:
    """Take an applicant through to submit."""
    applicant = company.open()
    assert applicant.send(front(picture)).status_code == 202
    assert applicant.film(look).status_code == 202
    applicant.submit()
    return applicant


@pytest.fixture(scope="module")
def honest(company: Company) -> Applicant:
    applicant = _whole(company)
    applicant.decided("approve")
    return applicant


@pytest.fixture
def register(house: House) -> Iterator[House]:
    yield house
    house.set_register(None)


def test_an_honest_applicant_is_approved_finally_with_nine_clear_checks(honest: Applicant) -> None:
    assert honest.all_ended() == dict.fromkeys(NINE, "clear")
    decision = honest.decided("approve")
    assert decision.data["state"] == "final"
    assert decision.record["final"]


def test_an_approval_rests_on_records_that_were_sent_before_it(honest: Applicant) -> None:
    decision = honest.decided("approve")
    because = decision.data["because"]
    told = {a.record["number"]: a.kind for a in honest.records()}
    assert isinstance(because, list)
    assert {told[number] for number in because} <= {"check", "partial"}
    assert max(because) < decision.record["number"]


def test_facts_of_an_honest_licence_are_what_is_printed_on_it(honest: Applicant) -> None:
    facts, holder = honest.facts(), honest.holder
    assert facts["document_type"] == "uk_driving_licence"
    assert facts["field.family_name"] == holder.family_name
    assert facts["field.driver_number"] == holder.driver_number
    assert facts["field.date_of_birth"] == holder.date_of_birth.isoformat()
    assert facts["age_over_minimum"] == "yes"


def test_a_decided_case_says_so_in_its_last_status(honest: Applicant) -> None:
    honest.heard(lambda a: a.kind == "case" and a.data["status"] == "decided")
    statuses = [a.data["status"] for a in honest.records() if a.kind == "case"]
    assert statuses == ["open", "checking", "decided"]


def test_a_portrait_stuck_over_anothers_is_found_and_not_approved(company: Company) -> None:
    applicant = _whole(company, picture="stuck on")
    tamper = applicant.check("tamper")
    assert tamper.data["status"] in {"suspected", "rejected"}
    assert "portrait_substituted" in codes(tamper)
    applicant.all_ended()
    assert {a.data["outcome"] for a in applicant.records() if a.kind == "decision"} <= {"refer", "decline"}


def test_a_screen_that_plays_the_right_movements_is_found(company: Company) -> None:
    applicant = _whole(company, look=Look(screen=True))
    liveness = applicant.check("liveness")
    assert liveness.data["status"] == "suspected"
    assert "screen_replay" in codes(liveness)
    assert applicant.decided("refer").data["state"] == "provisional"


def test_another_persons_face_before_the_camera_is_not_approved(company: Company) -> None:
    applicant = _whole(company, picture="another holder")
    match = applicant.check("face_match")
    assert match.data["status"] == "suspected"
    assert codes(match) == {"face_mismatch"}
    assert applicant.decided("refer").data["missing"] == []


@pytest.mark.parametrize(
    "fault", [{"kind": "not_there"}, {"kind": "slow", "seconds": 9}, {"kind": "unreliable"}]
)
def test_a_register_that_is_away_refers_and_says_why(
    register: House, company: Company, fault: dict[str, object]
) -> None:
    register.set_register(fault)
    applicant = _whole(company)
    away = applicant.check("register", code="register_unavailable")
    assert away.data["status"] == "unavailable"
    assert applicant.decided("refer").data["state"] == "provisional"


def test_a_register_that_comes_back_in_time_is_asked_again(register: House, company: Company) -> None:
    register.set_register({"kind": "not_there"})
    applicant = _whole(company)
    applicant.check("tamper")
    register.set_register(None)
    assert applicant.check("register").data["status"] == "clear"
    assert applicant.decided("approve").data["state"] == "final"


def test_a_licence_the_register_does_not_know_is_declined(register: House, company: Company) -> None:
    path = register.served.data / "register.json"
    path.write_text('{"licences": [], "fault": null}')
    applicant = _whole(company)
    assert codes(applicant.check("register")) == {"register_unknown"}
    assert applicant.decided("decline").data["state"] == "final"
