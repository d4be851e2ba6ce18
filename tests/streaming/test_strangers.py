"""Two clients: whatever one of them asks with, of the other's things it gets nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from access.principals import authenticate
from access.tickets import Narrowing, mint
from protocol.problems import Refused
from tests.streaming import told
from tests.streaming.conftest import Client, House
from tests.streaming.readers import lines, records

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keys", "feed"])


@pytest.fixture
def mine(house: House) -> Client:
    return house.client()


@pytest.fixture
def theirs(house: House) -> Client:
    return house.client()


@pytest.fixture
def cases(house: House, mine: Client, theirs: Client) -> dict[str, set[str]]:
    """Cases of both, one after the other, so that numbers and journal positions lie between each other."""
    found: dict[str, set[str]] = {mine.name: set(), theirs.name: set()}
    for _ in range(12):
        for client in (mine, theirs):
            case = client.case(told.received(), told.fields(("family_name", client.name)), told.completed())
            found[client.name].add(case.id)
    house.write()
    return found


def ticket(client: Client, *, case: str = "") -> dict[str, str]:
    now = datetime.now(UTC)
    asker = authenticate(client.auth["Authorization"], now=now)
    return {"Authorization": f"Bearer {mint(asker, Narrowing(case=case), now=now).ticket}"}


def test_every_frame_of_every_way_in_is_of_ones_own_cases(
    mine: Client, theirs: Client, cases: dict[str, set[str]], address: str
) -> None:
    foreign = (*cases[theirs.name], theirs.name)
    wishes: list[dict[str, str]] = [
        {"from": "1"},
        {"from": "earliest", "kinds": "partial"},
        {"from": "1", "subscription": "same-name"},
        *({"from": "1", "partition": f"{index}/4"} for index in range(4)),
    ]
    lines(address, "/v1/feed", theirs.auth, subscription="same-name", from_="9", until="caught_up")
    for auth in (mine.auth, None):
        for wish in wishes:
            frames = lines(address, "/v1/feed", auth or ticket(mine), **wish, until="caught_up")
            said = json.dumps(frames)
            assert {record["case"] for record in records(frames)} <= cases[mine.name]
            assert not [word for word in foreign if word in said]
    everything = records(lines(address, "/v1/feed", mine.auth, from_="1", until="caught_up"))
    assert {record["case"] for record in everything} == cases[mine.name]


def test_a_cursor_of_the_others_is_only_a_number_in_ones_own_feed(
    mine: Client, theirs: Client, cases: dict[str, set[str]], address: str
) -> None:
    cursor = records(lines(address, "/v1/feed", theirs.auth, from_="5", limit="1"))[0]["cursor"]

    after = records(lines(address, "/v1/feed", mine.auth, after=cursor, until="caught_up"))

    assert after[0]["number"] == 6
    assert {record["case"] for record in after} <= cases[mine.name]


def test_the_others_cases_are_not_there_for_keys_tickets_and_minting(
    mine: Client, theirs: Client, cases: dict[str, set[str]], address: str
) -> None:
    case = min(cases[theirs.name])

    def asked(auth: dict[str, str]) -> dict[str, Any]:
        problem: dict[str, Any] = httpx.get(f"http://{address}/v1/cases/{case}/feed", headers=auth).json()
        return problem

    assert {asked(mine.auth)["code"], asked(ticket(mine))["code"]} == {"not_found"}
    with pytest.raises(Refused, match="not_found"):
        ticket(mine, case=case)
