"""The WebSocket: the same frames, one a message, and close codes that say whether to come back."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from streaming.models import FeedRecord
from tests.streaming import told
from tests.streaming.conftest import Client
from tests.streaming.readers import Frame, numbers

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keys", "feed"])
JSON = "vouch.feed.v1+json"


def opened(
    address: str, query: str = "", *, auth: dict[str, str] | None = None, speaks: str = JSON
) -> ClientConnection:
    return connect(
        f"ws://{address}/v1/feed?{query}", additional_headers=auth, subprotocols=[Subprotocol(speaks)]
    )


def told_until_closed(socket: ClientConnection) -> tuple[list[Frame], int]:
    frames: list[Frame] = []
    with suppress(ConnectionClosed):
        while True:
            frames.append(json.loads(socket.recv(timeout=5)))
    assert socket.close_code is not None
    return frames, socket.close_code


def test_with_a_header_the_query_is_enough(client: Client, address: str) -> None:
    with opened(address, "from=25&until=caught_up", auth=client.auth) as socket:
        frames, code = told_until_closed(socket)
    assert socket.subprotocol == JSON
    assert frames[0]["frame"] == "welcome"
    assert (numbers(frames), code) == (list(range(25, 31)), 1000)


def test_what_happens_reaches_an_open_socket(client: Client, address: str) -> None:
    with opened(address, auth=client.auth) as socket:
        assert json.loads(socket.recv(timeout=5))["frame"] == "welcome"
        client.case(told.received())
        client.house.write()
        assert numbers([json.loads(socket.recv(timeout=5)) for _ in range(3)]) == [31, 32, 33]


@pytest.mark.parametrize(
    ("query", "reason", "code"),
    [
        ("from=32", "in_the_future", 4108),
        ("after=deadbeef-1", "epoch_changed", 4105),
        ("partition=5/4", "invalid", 4103),
        ("kinds=scores", "invalid", 4100),
        ("subscription=a%20b", "invalid", 4100),
    ],
)
def test_a_refusal_is_told_and_has_its_close_code(
    client: Client, address: str, query: str, reason: str, code: int
) -> None:
    with opened(address, query, auth=client.auth) as socket:
        frames, closed = told_until_closed(socket)
    assert (frames[-1]["frame"], frames[-1]["reason"], closed) == ("bye", reason, code)


def test_a_version_of_tomorrow_is_refused(client: Client, address: str) -> None:
    with opened(address, auth=client.auth, speaks="vouch.feed.v2+json") as socket:
        assert told_until_closed(socket)[1] == 4102


def test_a_wrong_key_or_a_phone_is_unauthorised(client: Client, address: str) -> None:
    phone = client.case().phone()
    for auth in ({"Authorization": "Bearer nobody"}, phone.auth):
        with opened(address, auth=auth) as socket:
            assert told_until_closed(socket)[1] == 4101


def test_without_a_header_a_hello_must_come_in_time(address: str) -> None:
    with opened(address) as socket:
        assert told_until_closed(socket)[1] == 4101
    with opened(address) as socket:
        socket.send(json.dumps({"frame": "hello", "ticket": "x"}))
        assert told_until_closed(socket)[1] == 4101


@pytest.mark.parametrize(
    "frame",
    [
        '{"frame": "hello"}',
        '{"frame": "credit", "n": 0}',
        '{"frame": "credit", "n": 1000000}',
        '{"frame": "credit", "n": -5}',
        '{"frame": "credit", "n": true}',
        '{"frame": "auth"}',
        '{"frame": "ack", "number": -1}',
        '{"frame": "ack", "number": 1e3}',
        '{"frame": "ack", "number": 31}',
        "[]",
        "{",
        "[" * 5000,
        "x" * 9000,
    ],
)
def test_a_frame_that_is_wrong_or_not_built_yet_ends_the_stream(
    client: Client, address: str, frame: str
) -> None:
    with opened(address, auth=client.auth) as socket:
        socket.recv(timeout=5)
        socket.send(frame)
        assert told_until_closed(socket)[1] == 4100


def test_a_stream_that_dies_closes_its_socket_instead_of_falling_mute(client: Client, address: str) -> None:
    FeedRecord.objects.filter(feed=client.feed, number=20).delete()
    with opened(address, "from=1", auth=client.auth) as socket:
        assert told_until_closed(socket)[1] == 1011


def test_a_socket_elsewhere_is_refused_before_the_handshake(address: str) -> None:
    with pytest.raises(InvalidStatus):
        connect(f"ws://{address}/v1/secrets")


def test_an_ack_of_what_was_sent_changes_nothing(client: Client, address: str) -> None:
    with opened(address, "from=30&wait=1", auth=client.auth) as socket:
        numbers([json.loads(socket.recv(timeout=5)) for _ in range(2)])
        socket.send('{"frame": "ack", "number": 30}')
        frames, code = told_until_closed(socket)
    assert ({frame["frame"] for frame in frames}, code) == ({"heartbeat"}, 1000)
