"""A phone reads its own case, numbered 1 to N, and only what is on the allow-list."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from unittest.mock import ANY

import pytest
from asgiref.sync import sync_to_async

from protocol.problems import Refused
from protocol.schemas import decisions_v1_pb2 as decisions
from tests.streaming import told
from tests.streaming.conftest import Case, House
from tests.streaming.readers import PACE, collected, frames_of, numbers, pump, records

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keys", "feed"])


def lived(house: House) -> Case:
    """A case in which everything happened that a phone could be told of."""
    client = house.client()
    client.case(told.received())
    case = client.case(told.received(), told.classified(), told.portrait(), told.age())
    case.say(told.fields(("family_name", "LOVELACE")), told.zone(), told.completed())
    case.say(told.reached("approve", "provisional", missing=("tamper",)))
    case.say(
        told.reached("refer", "provisional", missing=("liveness",)), told.reached("refer", "provisional")
    )
    house.write()
    return case


async def test_a_phone_has_numbers_of_its_own_from_one(house: House) -> None:
    case = await sync_to_async(lived)(house)
    frames = await frames_of(await sync_to_async(case.phone)(), case=case.id)
    said = records(frames)
    assert [f["kind"] for f in said] == [
        "case",
        "evidence",
        "case",
        *["partial"] * 5,
        "outcome",
        "outcome",
        "case",
    ]
    assert numbers(frames) == list(range(1, 12))
    assert [f["prev"] for f in said] == list(range(11))
    assert (frames[0]["oldest"], frames[0]["head"], frames[0]["from"]) == (1, 11, 1)


async def test_a_phone_is_told_no_check_score_model_or_policy(house: House) -> None:
    case = await sync_to_async(lived)(house)
    text = json.dumps(await frames_of(await sync_to_async(case.phone)(), case=case.id))
    for secret in ("tamper", "suspected", "substituted", "confidence", "policy", "full", "model", "because"):
        assert secret not in text


async def test_a_phone_sees_no_values_but_the_applicants_own(house: House) -> None:
    case = await sync_to_async(lived)(house)
    said = records(await frames_of(await sync_to_async(case.phone)(), case=case.id))
    values = {f["data"]["fact"]: f["data"].get("value") for f in said if f["kind"] == "partial"}
    assert values.pop("field.family_name") == "LOVELACE"
    assert set(values.values()) == {None}


async def test_a_phone_resumes_by_its_own_cursor(house: House) -> None:
    case = await sync_to_async(lived)(house)
    phone = await sync_to_async(case.phone)()
    first = records(await frames_of(phone, case=case.id, limit="4"))
    rest = await frames_of(phone, case=case.id, after=first[-1]["cursor"])
    assert numbers(rest) == list(range(5, 12))
    assert records(rest)[0]["prev"] == 4


async def test_an_outcome_is_told_in_neutral_words(house: House) -> None:
    case = await sync_to_async(lived)(house)
    await sync_to_async(case.say)(
        decisions.DecisionExpired(outcome="approve"), told.reached("decline", "final")
    )
    await sync_to_async(house.write)()
    said = records(await frames_of(await sync_to_async(case.phone)(), case=case.id, kinds="outcome"))
    assert [f["data"]["outcome"] for f in said] == ["approved", "in_review", "pending", "not_approved"]
    assert all(set(f["data"]) == {"outcome", "message"} for f in said)


async def test_a_phone_opens_its_own_case_only(house: House) -> None:
    case, other = await sync_to_async(lived)(house), await sync_to_async(lived)(house)
    phone = await sync_to_async(case.phone)()
    with pytest.raises(Refused) as caught:
        await frames_of(phone, case=other.id)
    assert caught.value.code == "not_found"
    with pytest.raises(Refused) as caught:
        await frames_of(phone)
    assert caught.value.code == "forbidden_scope"


async def test_a_phone_cannot_ask_beyond_its_own_numbers(house: House) -> None:
    case = await sync_to_async(lived)(house)
    with pytest.raises(Refused) as caught:
        await frames_of(await sync_to_async(case.phone)(), case=case.id, from_="13")
    assert caught.value.extra["available"] == {"epoch": ANY, "oldest": 1, "head": 11}


async def test_a_phone_whose_reading_ends_while_it_reads_is_told_that_it_expired(house: House) -> None:
    client = await sync_to_async(house.client)()
    case = await sync_to_async(client.case)(told.received())
    phone = await sync_to_async(case.phone)()
    await sync_to_async(house.write)()
    passed = [timedelta()]
    pace = replace(PACE, clock=lambda: house.now + passed[0], recheck_s=0.02)
    stream = await pump(phone, case=case.id, pace=pace)

    await sync_to_async(case.say)(told.reached())
    reading = asyncio.create_task(collected(stream))
    await asyncio.sleep(0.3)
    passed[0] = timedelta(minutes=16)

    assert (await asyncio.wait_for(reading, 5))[-1]["reason"] == "expired"
    await sync_to_async(house.write)()  # what is left unwritten would stand in the next test's way


async def test_a_phone_is_told_that_something_is_waited_for_but_not_what(house: House) -> None:
    client = await sync_to_async(house.client)()
    case = await sync_to_async(client.case)(told.received(), told.waiting())
    await sync_to_async(house.write)()

    said = records(await frames_of(await sync_to_async(case.phone)(), case=case.id))

    (waits,) = [frame["data"] for frame in said if frame["kind"] == "waiting"]
    assert waits == {"until": "2026-01-02T00:15:00.000000Z", "fallback": "unavailable"}
    assert "register" not in json.dumps(said)
