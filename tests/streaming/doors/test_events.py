"""Server-sent events: the same frames, whose ids are cursors, so that a browser comes back where it was."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.streaming.conftest import Client
from tests.streaming.readers import Frame, numbers

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keys", "feed"])


def events(address: str, query: str, **headers: str) -> list[tuple[str, Frame]]:
    """Read a response to its end; gives the id (empty: none) and the frame of each event."""
    sent = {"Accept": "text/event-stream", **{name.replace("_", "-"): text for name, text in headers.items()}}
    answer = httpx.get(f"http://{address}/v1/feed?{query}", headers=sent, timeout=10)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/event-stream"
    found = []
    for block in answer.text.split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        found.append((fields.get("id", ""), json.loads(fields["data"])))
    return found


def test_each_record_has_its_cursor_for_an_id_and_other_frames_have_none(
    client: Client, address: str
) -> None:
    found = events(address, "from=25&until=caught_up", **client.auth)

    frames = [frame for _, frame in found]
    assert frames[0]["frame"] == "welcome"
    assert numbers(frames) == list(range(25, 31))
    assert [name for name, _ in found] == ["", *(frame["cursor"] for frame in frames[1:])]


def test_who_comes_back_with_the_last_id_goes_on_behind_it_whatever_the_address_says(
    client: Client, address: str
) -> None:
    last = events(address, "from=1&limit=10", **client.auth)[-1][0]

    found = events(address, "from=1&until=caught_up", Last_Event_ID=last, **client.auth)

    assert numbers([frame for _, frame in found]) == list(range(11, 31))


def test_an_id_of_another_epoch_is_a_typed_problem(client: Client, address: str) -> None:
    sent = {"Accept": "text/event-stream", "Last-Event-ID": "deadbeef-3", **client.auth}
    answer = httpx.get(f"http://{address}/v1/feed", headers=sent)
    assert (answer.status_code, answer.json()["code"]) == (409, "epoch_changed")
    assert answer.json()["available"]["head"] == 30


def test_a_planned_cut_tells_a_browser_when_to_come_back(client: Client, address: str) -> None:
    sent = {"Accept": "text/event-stream", **client.auth}
    with httpx.stream("GET", f"http://{address}/v1/feed?from=30", headers=sent, timeout=10) as answer:
        lines = answer.iter_lines()
        assert "welcome" in next(lines)
        client.house.revoke(client)
        said = [line for line in lines if line]

    assert json.loads(said[-1].removeprefix("data: "))["reason"] == "revoked"
    assert said[-2].startswith("retry: ")
