"""The long HTTP response: one frame a line, flushed as it comes, refusals as typed problems."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from access.clients import revoke_key
from access.models import ClientKey
from streaming.following.pace import Pace
from streaming.models import FeedHead
from tests.streaming import told
from tests.streaming.conftest import QUICK, Client, House
from tests.streaming.readers import Frame, lines, numbers

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keys", "feed"])


def refused(address: str, path: str, headers: dict[str, str]) -> tuple[int, Frame]:
    answer = httpx.get(f"http://{address}{path}", headers=headers)
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()


def test_curl_alone_gets_lines_that_no_proxy_may_hold_back(client: Client, address: str) -> None:
    answer = httpx.get(f"http://{address}/v1/feed?from=25&until=caught_up", headers=client.auth)
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.headers["cache-control"] == "no-store, no-transform"
    assert numbers([json.loads(line) for line in answer.text.splitlines()]) == list(range(25, 31))


def test_each_line_leaves_the_moment_its_record_is_written(client: Client, address: str) -> None:
    with httpx.stream("GET", f"http://{address}/v1/feed", headers=client.auth, timeout=5) as answer:
        frames = (json.loads(line) for line in answer.iter_lines())
        assert next(frames)["frame"] == "welcome"
        client.case(told.received())
        client.house.write()
        assert numbers([next(frames), next(frames)]) == [31, 32]


def test_a_reader_cut_in_the_middle_resumes_without_hole_or_double(client: Client, address: str) -> None:
    got: list[Frame] = []
    while len(got) < 30:
        place = {"after": got[-1]["cursor"]} if got else {"from": "1"}
        with httpx.stream("GET", f"http://{address}/v1/feed", params=place, headers=client.auth) as answer:
            frames = (json.loads(line) for line in answer.iter_lines())
            next(frames)
            got += [next(frames) for _ in range(min(7, 30 - len(got)))]
    assert numbers(got) == list(range(1, 31))


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("from=5", 410, "too_old"),
        ("from=32", 416, "in_the_future"),
        ("after=deadbeef-75", 409, "epoch_changed"),
        ("partition=0/3", 400, "invalid"),
        ("subscription=a%20b", 400, "invalid"),
    ],
)
def test_a_wish_that_cannot_be_granted_is_a_typed_problem(
    client: Client, address: str, query: str, status: int, code: str
) -> None:
    FeedHead.objects.filter(feed=client.feed).update(oldest=10)
    got, problem = refused(address, f"/v1/feed?{query}", client.auth)
    assert (got, problem["code"], problem["status"]) == (status, code, status)
    if status in {410, 416, 409}:
        assert problem["available"]["oldest"] == 10


@pytest.mark.parametrize(
    ("accept", "status", "code"),
    [("image/png", 406, "not_acceptable"), ("text/html", 406, "not_acceptable")],
)
def test_a_form_that_is_not_given_is_refused(
    client: Client, address: str, accept: str, status: int, code: str
) -> None:
    got, problem = refused(address, "/v1/feed", {**client.auth, "Accept": accept})
    assert (got, problem["code"]) == (status, code)


@pytest.mark.parametrize("accept", ["", "*/*", "application/x-ndjson", "application/json;q=0.5, */*;q=0.1"])
def test_every_way_to_ask_for_lines_is_understood(client: Client, address: str, accept: str) -> None:
    headers = {**client.auth, "Accept": accept}
    assert httpx.get(f"http://{address}/v1/feed?wait=0", headers=headers).status_code == 200


def test_nobody_reads_without_a_key_or_with_the_wrong_one(client: Client, house: House, address: str) -> None:
    token = client.case().phone()
    no_scope = client.narrowed("cases:write")
    assert refused(address, "/v1/feed", {})[1]["code"] == "unauthorised"
    assert refused(address, "/v1/feed", {"Authorization": "Bearer vouch_live_x"})[0] == 401
    assert refused(address, "/v1/feed", token.auth)[0] == 403
    assert refused(address, "/v1/feed", no_scope.auth)[1]["code"] == "forbidden_scope"


def test_a_refusal_says_how_to_come_in_and_what_may_be_asked(address: str) -> None:
    stranger = httpx.get(f"http://{address}/v1/feed")
    posted = httpx.post(f"http://{address}/v1/feed")
    assert (stranger.status_code, stranger.headers["WWW-Authenticate"]) == (401, 'Bearer realm="vouch"')
    assert (posted.status_code, posted.headers["Allow"]) == (405, "GET")


def test_a_test_key_sees_live_cases_as_not_there(client: Client, house: House, address: str) -> None:
    case = client.case()
    house.write()
    test = house.client(live=False)
    path = f"/v1/cases/{case.id}/feed"
    assert refused(address, path, test.auth)[1]["code"] == "not_found"
    assert numbers(lines(address, path, client.auth, until="caught_up")) == [31]


def test_a_revoked_key_ends_its_open_streams(client: Client, address: str) -> None:
    with httpx.stream("GET", f"http://{address}/v1/feed", headers=client.auth, timeout=5) as answer:
        frames = (json.loads(line) for line in answer.iter_lines())
        next(frames)
        key = ClientKey.objects.get(client=client.name)
        revoke_key(client=client.name, key_id=key.key_id, now=client.house.now)
        rest = list(frames)
    assert (rest[-1]["frame"], rest[-1]["reason"]) == ("bye", "revoked")


def test_a_token_that_ends_takes_its_stream_with_it(client: Client, address: str) -> None:
    case = client.case()
    phone = case.phone(lasts=timedelta(seconds=1.5))
    frames = lines(address, f"/v1/cases/{case.id}/feed", phone.auth)
    assert frames[-1]["reason"] == "expired"


def test_a_planned_cut_is_the_last_line(client: Client, serve: Callable[[Pace], str]) -> None:
    frames = lines(serve(replace(QUICK, max_age_s=0.2)), "/v1/feed", client.auth)
    assert [frame["frame"] for frame in frames] == ["welcome", "bye"]


def test_a_case_opened_a_moment_ago_is_followed_before_the_writer_saw_it(
    client: Client, address: str
) -> None:
    case = client.case()
    url = f"http://{address}/v1/cases/{case.id}/feed"
    with httpx.stream("GET", url, headers=client.auth, timeout=5) as answer:
        frames = (json.loads(line) for line in answer.iter_lines())
        next(frames)
        client.house.write()
        assert next(frames)["data"] == {"status": "open"}
