"""The running feed and the AsyncAPI page say the same: every frame, every close, every word of a reader."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async

from events.keys import destroy_key
from protocol.catalogue import PersonalClass
from protocol.problems import Refused
from streaming.following.credit import Credit
from streaming.following.pace import Pace
from streaming.models import FeedHead
from streaming.wire.as_json import as_json
from streaming.wire.asking import BadPartition, WrongVersion
from streaming.wire.forms import SUBPROTOCOLS
from streaming.wire.frames import CLOSE_CODES, close_code
from streaming.words import Kind
from tests.protocol.asyncapi_page import offences_of_frame, page, schema, schemas
from tests.streaming import told
from tests.streaming.away import away, records_away
from tests.streaming.conftest import QUICK, Case, Client, House
from tests.streaming.doors.test_socket import opened, told_until_closed
from tests.streaming.following.test_gaps import trim
from tests.streaming.readers import Frame, collected, frames_of, lines, one_by_one, pump, records
from tests.streaming.writing.test_projection import SAID

stored = pytest.mark.django_db(transaction=True, databases=["default", "keys", "feed"])
NOT_YET = "x-not-yet"


def lived(client: Client) -> Case:
    """A case in which everything happened that a feed tells of."""
    case = client.case(*SAID.values())
    case.say(told.zone(), told.fields(("sex", "F")), told.completed("face_match", "clear"))
    (decision,) = case.say(told.reached("refer", "provisional", missing=("register",)))
    case.say(told.reached("approve", "final", because=(decision,)))
    client.house.write()
    return case


def all_offences(frames: list[Frame]) -> list[str]:
    assert frames
    return [offence for frame in frames for offence in offences_of_frame(frame)]


def names(frames: list[Frame]) -> set[str]:
    return {frame["frame"] for frame in frames}


@stored
async def test_every_record_of_a_client_is_as_the_page_says(house: House) -> None:
    client = await sync_to_async(house.client)()
    case = await sync_to_async(lived)(client)
    plain = await sync_to_async(client.narrowed)("feed:read")

    frames = await frames_of(client, from_="1")
    chosen = await frames_of(client, from_="1", kinds="partial,check")
    veiled = await frames_of(plain, case=case.id)
    await sync_to_async(destroy_key)(case.applicant, PersonalClass.IDENTITY, now=house.now)
    erased = await frames_of(client, from_="1")

    assert all_offences([*frames, *chosen, *veiled, *erased]) == []
    assert {frame["kind"] for frame in records(frames)} == set(Kind) - {"outcome"}
    assert {"erased": True} in [frame["data"] for frame in records(erased)]


@stored
async def test_every_record_of_a_phone_is_as_the_page_says(house: House) -> None:
    case = await sync_to_async(lived)(await sync_to_async(house.client)())

    frames = await frames_of(await sync_to_async(case.phone)(), case=case.id)

    assert all_offences(frames) == []
    assert "outcome" in {frame["kind"] for frame in records(frames)}


@stored
async def test_a_gap_is_told_as_the_page_says(house: House) -> None:
    client = await sync_to_async(house.client)()
    await sync_to_async(client.many)(900)
    await sync_to_async(house.write)()
    stalled = one_by_one(await pump(client, from_="1", until="caught_up"))
    got = [await anext(stalled)]
    await sync_to_async(trim)(client, 700)
    got += [frame async for frame in stalled]

    frames = [json.loads(as_json(frame)) for frame in got]

    assert all_offences(frames) == []
    assert names(frames) == {"welcome", "gap", "record"}


@stored
async def test_a_feed_that_is_away_is_told_as_the_page_says(house: House) -> None:
    client = await sync_to_async(house.client)()
    await sync_to_async(client.many)(3)
    await sync_to_async(house.write)()
    stream = await pump(client, from_="earliest")

    with records_away():
        frames = await collected(stream)

    assert all_offences(frames) == []
    assert names(frames) == {"welcome", "falling_behind"}


def closing(code: int) -> dict[str, Any]:
    """Give what the page says of a close code."""
    (found,) = [row for row in page()["channels"]["feed"]["x-close-codes"] if row["code"] == code]
    return dict(found)


@stored
@pytest.mark.parametrize(
    ("query", "say"),
    [
        ("from=32", ""),
        ("from=5", ""),
        ("after=deadbeef-1", ""),
        ("partition=5/4", ""),
        ("kinds=scores", ""),
        ("from=30", '{"frame": "credit", "n": 0}'),
        ("from=30", '{"frame": "auth", "ticket": "x"}'),
    ],
)
def test_a_refusal_and_its_close_are_as_the_page_says(
    client: Client, address: str, query: str, say: str
) -> None:
    FeedHead.objects.filter(feed=client.feed).update(oldest=10)

    with opened(address, query, auth=client.auth) as socket:
        if say:
            socket.send(say)
        frames, code = told_until_closed(socket)

    assert all_offences(frames) == []
    assert frames[-1]["frame"] == "bye"
    assert frames[-1]["reason"] in closing(code)["reasons"]


@stored
def test_a_database_that_is_away_is_told_with_the_time_to_come_back(client: Client, address: str) -> None:
    with away("feed", "streaming_feedhead"), opened(address, auth=client.auth) as socket:
        frames, code = told_until_closed(socket)

    assert all_offences(frames) == []
    assert {"retry_after", "retry_after_ms"} <= frames[-1].keys()
    assert closing(code)["reasons"] == ["unavailable"]


@stored
def test_a_planned_cut_and_a_revoked_key_are_told_as_the_page_says(
    client: Client, serve: Callable[[Pace], str]
) -> None:
    with opened(serve(replace(QUICK, max_age_s=0.2)), auth=client.auth) as socket:
        cut, cut_code = told_until_closed(socket)
    with opened(serve(QUICK), auth=client.auth) as socket:
        assert json.loads(socket.recv(timeout=5))["frame"] == "welcome"
        client.house.revoke(client)
        revoked, revoked_code = told_until_closed(socket)

    assert all_offences([*cut, *revoked]) == []
    assert closing(cut_code)["reasons"] == ["max_age", "shutdown"]
    assert closing(revoked_code)["reasons"] == [revoked[-1]["reason"]] == ["revoked"]


@stored
def test_a_heartbeat_and_a_fulfilled_wish_are_as_the_page_says(client: Client, address: str) -> None:
    with opened(address, "from=30&wait=1", auth=client.auth) as socket:
        frames, code = told_until_closed(socket)

    assert all_offences(frames) == []
    assert names(frames) == {"welcome", "record", "heartbeat"}
    assert closing(code)["reasons"] == ["done"]


@stored
@pytest.mark.parametrize("operation", ["say_feed_response_lines", "say_feed_response_events"])
def test_a_long_response_has_the_media_type_and_frames_of_the_page(
    client: Client, address: str, operation: str
) -> None:
    media = page()["operations"][operation]["x-media-type"]

    answer = httpx.get(
        f"http://{address}/v1/feed?from=25&wait=1", headers={**client.auth, "Accept": media}, timeout=10
    )

    told_ = [line.removeprefix("data: ") for line in answer.text.splitlines()]
    frames = [json.loads(line) for line in told_ if line.startswith("{")]
    assert answer.headers["content-type"] == media
    assert all_offences(frames) == []
    assert {"welcome", "record", "heartbeat"} == names(frames)


@stored
@pytest.mark.parametrize("query", ["from=5", "from=32", "after=deadbeef-1", "partition=0/3", "mood=good"])
def test_a_response_is_refused_with_a_problem_of_the_page(client: Client, address: str, query: str) -> None:
    FeedHead.objects.filter(feed=client.feed).update(oldest=10)

    answer = httpx.get(f"http://{address}/v1/feed?{query}", headers=client.auth)

    said = [(one["status"], one["code"]) for one in page()["channels"]["feed_response"]["x-refusals"]]
    assert (answer.status_code, answer.json()["code"]) in said


@stored
def test_a_frame_that_is_otherwise_in_any_place_is_not_as_the_page_says(client: Client, address: str) -> None:
    lived(client)
    with opened(address, "from=1000", auth=client.auth) as socket:
        refused, _ = told_until_closed(socket)
    frames = [*lines(address, "/v1/feed", client.auth, from_="30", wait="1"), *refused]

    wrong = [other for frame in frames for other in spoilt(frame)]

    assert names(frames) == {"welcome", "record", "heartbeat", "bye"}
    assert len(wrong) > 10 * len(frames)
    assert [other for other in wrong if not offences_of_frame(other)] == []


def spoilt(frame: Frame) -> Iterator[Frame]:
    """Give a frame with an unknown field in each object, and with another type in each place."""
    yield {**frame, "unknown": 1}
    for *way, last in places(frame):
        if isinstance(holder_in(frame, way)[last], dict):
            other = deepcopy(frame)
            holder_in(other, way)[last]["unknown"] = 1
            yield other
        if last != "frame":  # else it were another frame
            other = deepcopy(frame)
            holder = holder_in(other, way)
            holder[last] = [7] if isinstance(holder[last], int | float | None) else 7
            yield other


def holder_in(value: Any, way: list[Any]) -> Any:
    for key in way:
        value = value[key]
    return value


def places(value: object, within: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """List the ways to everything inside of a value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield (*within, key)
        yield from places(inner, (*within, key))


def test_the_page_has_every_kind_and_marks_those_that_nothing_says() -> None:
    data = {
        rule["if"]["properties"]["kind"]["const"]: rule["then"]["properties"]["data"]
        for rule in schemas()["Record"]["allOf"]
    }

    assert {kind for kind, one in data.items() if NOT_YET not in one} == set(Kind)
    assert data.keys() == {*schema("Record", "kind")["enum"]}


def test_the_page_has_every_close_code_and_reason() -> None:
    rows = page()["channels"]["feed"]["x-close-codes"]

    said = {(reason, row["code"]) for row in rows if NOT_YET not in row for reason in row["reasons"]}

    own = {("invalid", close_code(WrongVersion())), ("invalid", close_code(BadPartition()))}
    assert said == {*CLOSE_CODES.items()} | own


def test_the_page_has_the_subprotocols_and_the_most_credit() -> None:
    handshake = page()["channels"]["feed"]["bindings"]["ws"]["headers"]["properties"]
    most = schema("Credit", "n")["maximum"]

    assert handshake["Sec-WebSocket-Protocol"]["enum"] == [*SUBPROTOCOLS]
    Credit(0).add(most)
    with pytest.raises(Refused):
        Credit(0).add(most + 1)
