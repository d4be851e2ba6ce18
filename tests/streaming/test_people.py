"""What people ask for and decide: on the client's feed, on the phone's, and in the snapshot."""

from __future__ import annotations

import json

import pytest
from asgiref.sync import sync_to_async

from protocol.checks import CHECKS
from protocol.schemas import verification_v1_pb2 as verification
from tests.streaming import told
from tests.streaming.conftest import Case, Client, House
from tests.streaming.readers import Frame, frames_of, records
from tests.streaming.test_snapshot import seen

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keys", "feed"])

CONTEST = verification.ReviewRequested(by="applicant")


@pytest.fixture
def client(house: House) -> Client:
    return house.client()


async def heard(case: Case) -> list[Frame]:
    """Read the case as its client, once the feed has caught up."""
    await sync_to_async(case.client.house.write)()
    return records(await frames_of(case.client, case=case.id, from_="earliest"))


async def heard_by_phone(case: Case) -> list[Frame]:
    """Read the case as its applicant's phone, once the feed has caught up."""
    await sync_to_async(case.client.house.write)()
    return records(await frames_of(await sync_to_async(case.phone)(), case=case.id))


def told_of(frames: list[Frame], *kinds: str) -> list[tuple[str, str]]:
    """Say in short what records of some kinds say: the kind, and the outcome or status."""
    data = ((frame["kind"], frame["data"]) for frame in frames if frame["kind"] in kinds)
    return [(kind, said.get("outcome") or said["status"]) for kind, said in data]


async def test_without_any_service_a_persons_decision_is_told_and_ends_the_case(client: Client) -> None:
    case = await sync_to_async(client.case)(told.received(), told.concluded(reasons=("blurred",)))

    decision, review, status = (await heard(case))[-3:]

    assert decision["data"] == {
        "outcome": "approve",
        "state": "final",
        "by": "reviewer",
        "because": [],
        "missing": [],
    }
    assert (review["kind"], review["data"]["outcome"]) == ("review", "approve")
    assert [reason["code"] for reason in review["data"]["reasons"]] == ["blurred"]
    assert (status["data"], status["final"]) == ({"status": "decided"}, True)


async def test_the_snapshot_says_what_the_feed_said(client: Client) -> None:
    case = await sync_to_async(client.case)(told.received(), told.concluded("decline"))
    decision = (await heard(case))[-3]

    found = await sync_to_async(seen)(case, client)

    assert found["status"] == "decided"
    assert found["decision"] == {**decision["data"], "number": decision["number"], "final": True}


async def test_a_case_without_a_policy_is_checked_and_then_decided_by_its_client(client: Client) -> None:
    case = client._new()
    nine = [told.completed(check.value, "clear", evidence_keyseq=0) for check in CHECKS]
    await sync_to_async(case.say)(told.opened(policy="none"), *nine, told.concluded("decline"))

    assert told_of(await heard(case), "case", "decision") == [
        ("case", "open"),
        ("case", "checked"),
        ("decision", "decline"),
        ("case", "decided"),
    ]


async def test_a_person_who_corrects_a_policy_names_its_record(client: Client) -> None:
    case = await sync_to_async(client.case)(told.received())
    (by_policy,) = await sync_to_async(case.say)(told.reached("decline"))
    await sync_to_async(case.say)(told.concluded("approve", corrects=by_policy))

    decisions = [frame for frame in await heard(case) if frame["kind"] == "decision"]

    assert [frame["data"]["by"] for frame in decisions] == ["policy", "reviewer"]
    assert decisions[1]["data"]["state"] == "corrected"
    assert decisions[1]["data"]["corrects"] == decisions[0]["number"]


async def test_what_a_policy_says_late_of_a_decided_case_is_told_to_nobody(client: Client) -> None:
    case = await sync_to_async(client.case)(told.received(), told.concluded("decline"))
    await sync_to_async(case.say)(
        told.reached("approve", "provisional", missing=("tamper",)), told.reached("approve")
    )

    frames = await heard(case)

    assert told_of(frames, "decision", "case")[-2:] == [("decision", "decline"), ("case", "decided")]
    assert (await sync_to_async(seen)(case, client))["decision"]["by"] == "reviewer"
    assert [f["data"]["outcome"] for f in await heard_by_phone(case) if f["kind"] == "outcome"] == [
        "not_approved"
    ]


async def test_a_policy_that_corrects_a_person_names_the_decision_and_opens_a_review(client: Client) -> None:
    case = await sync_to_async(client.case)(told.received())
    (by_person,) = await sync_to_async(case.say)(told.concluded())
    await sync_to_async(case.say)(told.completed(), told.corrected(by_person))

    frames = await heard(case)

    first, second = (frame for frame in frames if frame["kind"] == "decision")
    assert (second["data"]["state"], second["data"]["corrects"]) == ("corrected", first["number"])
    assert frames[-1]["data"] == {"status": "in_review"}
    assert (await sync_to_async(seen)(case, client))["decision"]["number"] == second["number"]


async def test_a_contested_decline_is_in_review_for_the_client_and_for_the_phone(client: Client) -> None:
    case = await sync_to_async(client.case)(told.received(), told.reached("decline"), CONTEST)

    assert told_of(await heard(case), "case")[-2:] == [("case", "decided"), ("case", "in_review")]
    assert told_of(await heard_by_phone(case), "case", "outcome")[-3:] == [
        ("outcome", "not_approved"),
        ("case", "decided"),
        ("case", "in_review"),
    ]

    await sync_to_async(case.say)(told.concluded("decline"))

    assert told_of(await heard(case), "case", "review")[-2:] == [("review", "decline"), ("case", "decided")]


async def test_an_automated_decline_carries_the_right_to_ask_for_a_person_and_a_persons_does_not(
    client: Client,
) -> None:
    case = await sync_to_async(client.case)(told.received(), told.reached("decline"), CONTEST)
    await sync_to_async(case.say)(told.concluded("decline"))

    outcomes = [f["data"] for f in await heard_by_phone(case) if f["kind"] == "outcome"]

    assert [said["outcome"] for said in outcomes] == ["not_approved", "not_approved"]
    assert "You may ask for a person" in outcomes[0]["message"]
    assert "You may ask" not in outcomes[1]["message"]


async def test_a_phone_is_told_neither_who_decided_nor_why(client: Client) -> None:
    case = await sync_to_async(client.case)(
        told.received(), told.concluded("decline", reasons=("printed_copy",))
    )

    text = json.dumps(await heard_by_phone(case))

    for secret in ("printed_copy", "reviewer", "ak_1", "review", "because", "decline"):
        assert secret not in text
