"""Whose pages may follow: ours and those that the operator names; a foreign page gets no socket."""

from __future__ import annotations

import httpx
import pytest
from pytest_django import Settings
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.streaming.conftest import Client, House

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keys", "feed"])
APP = "https://app.example"


@pytest.fixture
def client(house: House, settings: Settings) -> Client:
    settings.FEED_ORIGINS = frozenset({APP})
    made = house.client()
    made.many(3)
    house.write()
    return made


def greeting(address: str, client: Client, origin: str) -> str:
    url = f"ws://{address}/v1/feed?until=caught_up"
    with connect(url, additional_headers=client.auth, origin=Origin(origin)) as socket:
        return str(socket.recv(timeout=5))


def test_a_foreign_page_gets_no_socket(client: Client, address: str) -> None:
    for origin in ("https://evil.example", "null", f"http://{address}.evil.example"):
        with pytest.raises(InvalidStatus) as caught:
            greeting(address, client, origin)
        assert caught.value.response.status_code == 403


def test_our_own_pages_and_the_named_ones_get_one(client: Client, address: str) -> None:
    for origin in (f"http://{address}", APP):
        assert "welcome" in greeting(address, client, origin)


def test_a_browser_lets_the_named_pages_alone_read_a_response(client: Client, address: str) -> None:
    url = f"http://{address}/v1/feed?until=caught_up"
    theirs = httpx.get(url, headers={**client.auth, "Origin": APP})
    foreign = httpx.get(url, headers={**client.auth, "Origin": "https://evil.example"})

    assert theirs.headers["access-control-allow-origin"] == APP
    assert "access-control-allow-origin" not in foreign.headers
    assert {theirs.headers["vary"], foreign.headers["vary"]} == {"Origin"}


def test_a_browser_may_ask_first_whether_it_may_send_a_credential(client: Client, address: str) -> None:
    asked = {"Origin": APP, "Access-Control-Request-Method": "GET"}
    answer = httpx.options(f"http://{address}/v1/feed", headers=asked)

    assert answer.status_code == 204
    assert "authorization" in answer.headers["access-control-allow-headers"]


def test_a_page_also_reads_why_it_was_refused(client: Client, address: str) -> None:
    answer = httpx.get(f"http://{address}/v1/feed", headers={"Origin": APP})

    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == APP
