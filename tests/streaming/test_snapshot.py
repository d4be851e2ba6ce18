"""The snapshot is a fold of the case's own records, and says which record it reflects."""

from __future__ import annotations

import pytest

from access.principals import authenticate
from protocol.ids import to_us
from protocol.problems import Refused
from protocol.schemas import verification_v1_pb2 as verification
from streaming.snapshot import snapshot
from tests.streaming import told
from tests.streaming.conftest import Case, House
from tests.streaming.readers import Frame, Reader

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keys", "feed"])
BACK = "0190f3a0-0000-7000-8000-0000000000e2"


def seen(case: Case, reader: Reader) -> Frame:
    principal = authenticate(reader.auth["Authorization"], now=case.client.house.now)
    return dict(snapshot(case.id, principal))


def test_a_snapshot_says_where_the_case_stands_and_what_is_missing(house: House) -> None:
    client = house.client()
    case = client.case(told.received(), told.completed(), told.reached(missing=()))
    house.write()
    found = seen(case, client)
    assert (found["id"], found["status"], found["reference"]) == (case.id, "decided", "order-1")
    assert found["checks"]["tamper"]["status"] == "suspected"
    assert found["decision"]["state"] == "final"
    assert "tamper" not in found["missing"]
    assert found["reflects"]["number"] == 6


def test_while_a_dial_runs_the_case_waits_and_the_register_is_missing(house: House) -> None:
    client = house.client()
    given_up = told.completed("register", "unavailable", evidence_keyseq=3, final=False)
    case = client.case(told.received(), given_up, told.waiting(evidence_keyseq=3))
    house.write()
    found = seen(case, client)
    assert (found["status"], found["checks"]) == ("waiting", {})
    assert "register" in found["missing"]

    case.say(told.completed("register", "clear", evidence_keyseq=3))
    house.write()
    found = seen(case, client)
    assert (found["status"], found["checks"]["register"]["status"]) == ("checking", "clear")


def test_an_approval_ahead_has_ended_by_its_clock_though_nobody_says_so(house: House) -> None:
    client = house.client()
    approved = told.reached("approve", "provisional", missing=("register",))
    going_on = client.case(told.received(), approved)
    approved.expires_at_us = to_us(house.now) - 1
    over = client.case(told.received(), approved)
    house.write()
    assert seen(going_on, client)["decision"]["state"] == "provisional"
    assert seen(over, client)["decision"]["state"] == "expired"


def test_answers_on_replaced_evidence_are_not_in_the_snapshot(house: House) -> None:
    client = house.client()
    case = client.case(told.received(), told.completed(), told.received(evidence=BACK))
    house.write()
    found = seen(case, client)
    assert found["checks"] == {}
    assert len(found["evidence"]) == 2


def test_a_back_does_not_hide_what_the_front_says(house: House) -> None:
    client = house.client()
    case = client.case(told.received(), told.classified(), told.received("document_back", BACK))
    case.say(verification.DocumentClassified(evidence_id=BACK, document_type="unknown"))
    house.write()
    assert seen(case, client)["facts"]["document_type"]["value"] == "uk_driving_licence"


def test_a_late_answer_on_a_replaced_front_does_not_hide_the_newer_ones(house: House) -> None:
    client = house.client()
    case = client.case(told.received(evidence=told.EVIDENCE), told.received(evidence=BACK))
    case.say(verification.DocumentClassified(evidence_id=BACK, document_type="passport"))
    case.say(told.classified(told.EVIDENCE))
    house.write()
    assert seen(case, client)["facts"]["document_type"]["value"] == "passport"


def test_a_refused_back_hides_no_fact_that_names_no_picture(house: House) -> None:
    client = house.client()
    refused = verification.EvidenceRefused(evidence_kind="document_back", code="unreadable")
    case = client.case(told.received(), told.age("unknown", ""), refused, told.age("yes", ""))
    house.write()
    assert seen(case, client)["facts"]["age_over_minimum"]["value"] == "yes"


def test_personal_values_need_their_scope(house: House) -> None:
    client = house.client()
    case = client.case(told.received(), told.fields(("family_name", "LOVELACE")))
    house.write()
    assert seen(case, client)["facts"]["field.family_name"]["value"] == "LOVELACE"
    assert "value" not in seen(case, client.narrowed("feed:read"))["facts"]["field.family_name"]


def test_a_case_that_only_the_journal_has_is_waited_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streaming.snapshot._PATIENCE_S", 0.05)
    client = house.client()
    case = client.case()
    with pytest.raises(Refused) as caught:
        seen(case, client)
    assert (caught.value.code, caught.value.extra) == ("unavailable", {"retry_after": 2})


def test_nobody_else_sees_the_case(house: House) -> None:
    case = house.client().case()
    strangers: list[tuple[Reader, str]] = [
        (house.client(), "not_found"),
        (house.client(live=False), "not_found"),
        (case.phone(), "forbidden_scope"),
    ]
    for stranger, code in strangers:
        with pytest.raises(Refused) as caught:
            seen(case, stranger)
        assert caught.value.code == code
