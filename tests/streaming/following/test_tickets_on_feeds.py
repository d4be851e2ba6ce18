"""Tickets at the feed: said in `hello` or the header, once; narrowed; renewed; ended with their key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from access.principals import authenticate
from access.tickets import Narrowing, mint
from tests.streaming import told
from tests.streaming.conftest import Client, House
from tests.streaming.readers import Frame, lines, numbers

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keys", "feed"])


def ticket(
    client: Client, *, scopes: frozenset[str] | None = None, partition: str = "", case: str = ""
) -> str:
    now = datetime.now(UTC)
    asker = authenticate(client.auth["Authorization"], now=now)
    return mint(asker, Narrowing(scopes=scopes, partition=partition, case=case), now=now).ticket


@contextmanager
def greeted(address: str, **hello: object) -> Iterator[ClientConnection]:
    with connect(f"ws://{address}/v1/feed", subprotocols=[Subprotocol("vouch.feed.v1+json")]) as socket:
        socket.send(json.dumps({"frame": "hello", **hello}))
        yield socket


def until_closed(socket: ClientConnection) -> tuple[list[Frame], int | None]:
    frames: list[Frame] = []
    with suppress(ConnectionClosed):
        while True:
            frames.append(json.loads(socket.recv(timeout=5)))
    return frames, socket.close_code


def test_a_hello_with_a_ticket_opens_what_it_asks_for(client: Client, address: str) -> None:
    wish = {"from": 25, "until": "caught_up", "kinds": ["evidence", "case"], "credit": 4}
    with greeted(address, ticket=ticket(client), **wish) as socket:
        assert json.loads(socket.recv(timeout=5))["from"] == 25
        assert numbers([json.loads(socket.recv(timeout=5)) for _ in range(4)]) == [25, 26, 27, 28]
        socket.send('{"frame": "credit", "n": 10}')
        frames, code = until_closed(socket)
    assert (numbers(frames), code) == ([29, 30], 1000)


def test_a_ticket_is_good_for_one_use(client: Client, address: str) -> None:
    once = ticket(client)
    lines(address, "/v1/feed", {"Authorization": f"Bearer {once}"}, until="caught_up")
    with greeted(address, ticket=once) as socket:
        assert until_closed(socket)[1] == 4101
    again = httpx.get(f"http://{address}/v1/feed", headers={"Authorization": f"Bearer {once}"})
    assert again.status_code == 401


def test_a_wish_that_is_wrong_costs_no_ticket(client: Client, address: str) -> None:
    once = {"Authorization": f"Bearer {ticket(client)}"}
    assert httpx.get(f"http://{address}/v1/feed?from=x", headers=once).status_code == 400
    assert numbers(lines(address, "/v1/feed", once, from_="30", until="caught_up")) == [30]


def test_a_ticket_for_a_partition_opens_it_and_its_halves_alone(client: Client, address: str) -> None:
    def read(**fields: str) -> list[int]:
        auth = {"Authorization": f"Bearer {ticket(client, partition='1/2')}"}
        return numbers(lines(address, "/v1/feed", auth, from_="1", until="caught_up", **fields))

    assert read() == read(partition="1/2") == sorted([*read(partition="1/4"), *read(partition="3/4")])
    for wider in ("0/2", "0/1", "2/4"):
        with pytest.raises(AssertionError, match="forbidden_scope"):
            read(partition=wider)


def test_a_ticket_for_a_case_shows_that_case_alone(client: Client, address: str) -> None:
    mine, other = client.case(told.received()), client.case(told.received())
    client.house.write()

    def auth() -> dict[str, str]:
        return {"Authorization": f"Bearer {ticket(client, case=mine.id)}"}

    for path in ("/v1/feed", f"/v1/cases/{mine.id}/feed"):
        assert numbers(lines(address, path, auth(), until="caught_up")) == [31, 32, 33]
    foreign = httpx.get(f"http://{address}/v1/cases/{other.id}/feed", headers=auth())
    assert foreign.json()["code"] == "not_found"


def test_a_ticket_without_personal_scope_shows_no_personal_value(client: Client, address: str) -> None:
    client.case(told.fields(("family_name", "LOVELACE")))
    client.house.write()
    plain = {"Authorization": f"Bearer {ticket(client, scopes=frozenset({'feed:read'}))}"}
    full = {"Authorization": f"Bearer {ticket(client)}"}

    def read(auth: dict[str, str]) -> str:
        return json.dumps(lines(address, "/v1/feed", auth, from_="1", until="caught_up"))

    assert "LOVELACE" in read(full)
    assert "LOVELACE" not in read(plain)


def test_a_stream_goes_on_with_a_fresh_ticket_of_its_own_client_alone(
    house: House, client: Client, address: str
) -> None:
    stranger = house.client()
    with greeted(address, ticket=ticket(client), **{"from": 30}) as socket:
        assert [json.loads(socket.recv(timeout=5))["frame"] for _ in range(2)] == ["welcome", "record"]
        socket.send(json.dumps({"frame": "auth", "ticket": ticket(client)}))
        client.many(3)
        house.write()
        assert numbers([json.loads(socket.recv(timeout=5)) for _ in range(3)]) == [31, 32, 33]
        socket.send(json.dumps({"frame": "auth", "ticket": ticket(stranger)}))
        assert until_closed(socket)[1] == 4101


def test_a_stream_that_sees_personal_values_goes_on_with_no_lesser_ticket(
    client: Client, address: str
) -> None:
    with greeted(address, ticket=ticket(client), **{"from": 30}) as socket:
        assert json.loads(socket.recv(timeout=5))["frame"] == "welcome"
        lesser = ticket(client, scopes=frozenset({"feed:read"}))
        socket.send(json.dumps({"frame": "auth", "ticket": lesser}))
        frames, code = until_closed(socket)
    assert (frames[-1]["reason"], code) == ("forbidden_scope", 4101)


def test_a_revoked_key_ends_what_its_tickets_opened(client: Client, address: str) -> None:
    with greeted(address, ticket=ticket(client)) as socket:
        assert json.loads(socket.recv(timeout=5))["frame"] == "welcome"
        client.house.revoke(client)
        frames, code = until_closed(socket)
    assert (frames[-1]["reason"], code) == ("revoked", 4107)
