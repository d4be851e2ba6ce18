"""Credit: a reader that wants no more is parked, hears heartbeats, and goes on where it was."""

from __future__ import annotations

import json

import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.streaming.conftest import Client, House
from tests.streaming.readers import Frame, numbers

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keys", "feed"])


@pytest.fixture
def client(house: House) -> Client:
    made = house.client()
    made.many(1_200)
    house.write()
    return made


def opened(address: str, client: Client) -> ClientConnection:
    url = f"ws://{address}/v1/feed?from=1"
    protocol = [Subprotocol("vouch.feed.v1+json")]
    return connect(url, additional_headers=client.auth, subprotocols=protocol)


def until_heartbeat(socket: ClientConnection) -> list[Frame]:
    frames = [json.loads(socket.recv(timeout=5))]
    while frames[-1]["frame"] != "heartbeat":
        frames.append(json.loads(socket.recv(timeout=5)))
    return frames


def test_a_reader_gets_a_thousand_and_then_as_many_as_it_asks_for(client: Client, address: str) -> None:
    with opened(address, client) as socket:
        first = until_heartbeat(socket)
        assert numbers(first) == list(range(1, 1_001))
        assert first[-1] == {"frame": "heartbeat", "position": 1_000, "head": 1_200}

        socket.send('{"frame": "credit", "n": 7}')
        assert numbers(until_heartbeat(socket)) == list(range(1_001, 1_008))

        socket.send('{"frame": "credit", "n": 500}')
        assert numbers(until_heartbeat(socket)) == list(range(1_008, 1_201))


def test_what_is_passed_over_costs_no_credit(client: Client, address: str) -> None:
    url = f"ws://{address}/v1/feed?from=1&kinds=evidence"
    with connect(url, additional_headers=client.auth) as socket:
        socket.send('{"frame": "credit", "n": 1}')
        assert len(numbers(until_heartbeat(socket))) == 400
