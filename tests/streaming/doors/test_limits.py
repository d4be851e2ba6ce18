"""How many streams at once: a client's are counted, and those who have not said who they are."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress

import httpx
import pytest
from pytest_django import Settings
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from protocol.problems import Refused
from streaming.doors.limits import Streams
from streaming.following.pace import Pace
from tests.streaming.conftest import QUICK, House

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keys", "feed"])


def test_one_stream_too_many_is_told_and_a_closed_one_makes_room(
    house: House, settings: Settings, serve: Callable[[Pace], str]
) -> None:
    settings.FEED_STREAMS = 2
    client, other, address = house.client(), house.client(), serve(QUICK)
    url = f"ws://{address}/v1/feed"
    with ExitStack() as stack:
        for _ in range(2):
            socket = stack.enter_context(connect(url, additional_headers=client.auth))
            assert "welcome" in str(socket.recv(timeout=5))
        refused = httpx.get(f"http://{address}/v1/feed?wait=0", headers=client.auth)
        with connect(url, additional_headers=client.auth) as third, suppress(ConnectionClosed):
            while True:
                third.recv(timeout=5)
        welcome = httpx.get(f"http://{address}/v1/feed?wait=0", headers=other.auth)

    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert refused.headers["retry-after"] == "10"
    assert third.close_code == 4106
    assert welcome.status_code == 200
    assert httpx.get(f"http://{address}/v1/feed?wait=0", headers=client.auth).status_code == 200


def test_those_who_do_not_say_hello_have_so_many_places_together() -> None:
    counted = Streams(of_a_client=1, strangers=3)
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(counted.stranger())
        with pytest.raises(Refused, match="have not said hello"), counted.stranger():
            pass
    with counted.stranger():
        pass
