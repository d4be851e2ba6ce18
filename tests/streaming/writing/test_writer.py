"""The writer numbers each client's records from 1 without a hole, the same way from the same journal."""

from __future__ import annotations

import json

import pytest

from access.reach import slot_of_case
from protocol.schemas import decisions_v1_pb2 as decisions
from protocol.schemas import verification_v1_pb2 as verification
from streaming.models import FeedCase, FeedHead, FeedRecord
from tests.streaming import told
from tests.streaming.conftest import Client, House

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keys", "feed"])


def stored(client: Client) -> list[FeedRecord]:
    return list(FeedRecord.objects.filter(feed=client.feed).order_by("number"))


def data_of(record: FeedRecord) -> dict[str, object]:
    data: dict[str, object] = json.loads(bytes(record.body))["data"]
    return data


def test_each_feed_is_numbered_from_one_without_a_hole(house: House) -> None:
    one, other, test = house.client(), house.client(), house.client(live=False)
    for _ in range(3):
        for client in (one, other, test):
            client.case(told.received(), told.classified())
    house.write()
    for client in (one, other, test):
        assert [record.number for record in stored(client)] == list(range(1, 13))


def test_a_case_tells_what_happened_and_then_its_new_status(house: House) -> None:
    client = house.client()
    client.case(told.received(), verification.CaseWithdrawn(by="client"))
    house.write()
    said = [(r.kind, data_of(r).get("status")) for r in stored(client)]
    assert said == [("case", "open"), ("evidence", None), ("case", "checking"), ("case", "withdrawn")]


def test_a_case_waits_while_a_dial_runs(house: House) -> None:
    client = house.client()
    client.case(
        told.received(),
        told.waiting(evidence_keyseq=3),
        told.completed("register", "clear", evidence_keyseq=3),
    )
    house.write()
    said = [(r.kind, data_of(r).get("status")) for r in stored(client)][3:]
    assert said == [("waiting", None), ("case", "waiting"), ("check", "clear"), ("case", "checking")]


def test_the_same_journal_gives_the_same_bytes_again(house: House) -> None:
    client = house.client()
    client.case(told.received(), told.fields(("sex", "F")), told.completed(), told.reached())
    house.write()
    first = [(r.number, bytes(r.body), bytes(r.personal)) for r in stored(client)]
    house.forget_feed()
    house.write()
    assert [(r.number, bytes(r.body), bytes(r.personal)) for r in stored(client)] == first


def test_a_decision_names_the_records_it_rests_on(house: House) -> None:
    client = house.client()
    case = client.case(told.received())
    (check,) = case.say(told.completed())
    (decision,) = case.say(told.reached(because=(check,)))
    case.say(decisions.DecisionCorrected(decision_id=decision, outcome="refer", because=[check]))
    house.write()
    reached, corrected = (data_of(r) for r in stored(client) if r.kind == "decision")
    assert reached["because"] == corrected["because"] == [4]
    assert corrected["corrects"] == 5


def test_personal_values_lie_sealed_beside_the_public_record(house: House) -> None:
    client = house.client()
    client.case(told.received(), told.fields(("family_name", "LOVELACE")))
    house.write()
    record = stored(client)[-1]
    assert b"LOVELACE" not in bytes(record.body) + bytes(record.personal)
    assert json.loads(bytes(record.personal))[0]["at"] == ["value"]


def test_the_case_keeps_how_it_stands_and_its_last_number(house: House) -> None:
    client = house.client()
    case = client.case(told.received(), verification.CaseSubmitted(by="client"))
    house.write()
    known = FeedCase.objects.get(case=case.id)
    assert (known.client, known.reference, known.last) == (client.name, "order-1", 3)
    assert FeedHead.objects.get(feed=client.feed).head == 3


def test_a_slot_is_the_first_byte_of_the_hash_of_the_case() -> None:
    assert slot_of_case("0190f3a0-0000-7000-8000-000000000001") == 0x51
