"""The subprotocol of Protocol Buffers: the same stream, frame by frame, as the JSON one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from google.protobuf.message import Message
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from events.keys import destroy_key
from protocol.catalogue import PersonalClass
from protocol.schemas import feed_v1_pb2 as feed
from tests.streaming import told
from tests.streaming.conftest import Client, House
from tests.streaming.readers import Frame, kept, lines, records

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keys", "feed"])
PROTO = "vouch.feed.v1+proto"


@pytest.fixture
def client(house: House) -> Client:
    made = house.client()
    case = made.case(
        told.received(),
        told.classified(),
        told.zone(),
        told.portrait(),
        told.age(),
        told.fields(("sex", "F")),
        told.completed(),
        told.completed("face_match", "clear"),
    )
    (decision,) = case.say(told.reached("refer", "provisional", missing=("register",)))
    case.say(told.reached("approve", "provisional", because=(decision,)))
    case.say(told.concluded("decline", reasons=("blurred",), corrects=decision))
    house.write()
    return made


@contextmanager
def following(address: str, client: Client, query: str) -> Iterator[ClientConnection]:
    url = f"ws://{address}/v1/feed?{query}"
    with connect(url, additional_headers=client.auth, subprotocols=[Subprotocol(PROTO)]) as socket:
        yield socket


def heard(socket: ClientConnection) -> feed.ServerFrame:
    message = socket.recv(timeout=5)
    assert isinstance(message, bytes)
    return feed.ServerFrame.FromString(message)


def until_closed(socket: ClientConnection) -> list[feed.ServerFrame]:
    frames = []
    with suppress(ConnectionClosed):
        while True:
            frames.append(heard(socket))
    return frames


def data_of(record: feed.Record) -> dict[str, Any]:
    """Turn a record's data back into the JSON of the contract, by the contract's own words."""
    which = record.WhichOneof("data") or ""
    if which == "erased":
        return {"erased": True}
    return _plain(getattr(record, which))


def _plain(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if field.has_presence and not message.HasField(field.name):
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            value = {name: _plain(one) for name, one in value.items()}
        elif field.message_type is not None and field.is_repeated:
            value = [_plain(one) for one in value]
        elif field.message_type is not None:
            value = _plain(value)
        elif field.is_repeated:
            value = [one.decode() if isinstance(one, bytes) else one for one in value]
        elif isinstance(value, bytes):
            value = value.decode()
        found["value" if field.containing_oneof and field.name in _VALUES else field.name] = value
    return found


_VALUES = {"text", "code", "flag", "mrz"}


def expected(frame: Frame) -> dict[str, Any]:
    """Say the JSON's data as Protocol Buffers can: what is null there is absent here."""
    return {name: value for name, value in frame["data"].items() if value is not None}


def test_every_record_says_the_same_in_both_forms(client: Client, address: str) -> None:
    as_json = records(lines(address, "/v1/feed", client.auth, from_="1", until="caught_up"))
    with following(address, client, "from=1&until=caught_up") as socket:
        frames = until_closed(socket)

    welcome, *said = frames
    assert (welcome.welcome.head, getattr(welcome.welcome, "from")) == (len(as_json), 1)
    kinds = {"case", "evidence", "partial", "check", "decision", "review"}
    assert {frame["kind"] for frame in as_json} == kinds
    for frame, told_ in zip(as_json, said, strict=True):
        record = told_.record
        assert {
            name: getattr(record, name)
            for name in (
                "number",
                "prev",
                "cursor",
                "kind",
                "case",
                "reference",
                "live",
                "recorded_at",
                "final",
            )
        } == {name: frame[name] for name in frame if name not in {"frame", "data"}}
        assert data_of(record) == expected(frame)


def test_what_was_erased_says_so(client: Client, address: str) -> None:
    case = client.case(told.fields(("sex", "F")))
    client.house.write()
    destroy_key(case.applicant, PersonalClass.IDENTITY, now=client.house.now)

    with following(address, client, "from=1&until=caught_up") as socket:
        *_, last = until_closed(socket)

    assert (last.record.kind, data_of(last.record)) == ("partial", {"erased": True})


def test_credit_and_acks_are_said_in_the_same_words(client: Client, address: str) -> None:
    with following(address, client, "from=1&subscription=s") as socket:
        assert heard(socket).WhichOneof("frame") == "welcome"
        first = heard(socket).record
        socket.send(feed.ClientFrame(ack=feed.Ack(number=first.number)).SerializeToString())
        socket.send(feed.ClientFrame(credit=feed.Credit(n=5)).SerializeToString())
        assert heard(socket).record.prev == first.number
        kept("s", first.number)

    assert lines(address, "/v1/feed", client.auth, subscription="s", limit="1")[0]["from"] == 2


@pytest.mark.parametrize("message", [b"\xff\xff", b"", "text", b"x" * 9_000])
def test_what_is_no_frame_ends_the_stream(client: Client, address: str, message: bytes | str) -> None:
    with following(address, client, "") as socket:
        assert heard(socket).WhichOneof("frame") == "welcome"
        socket.send(message)
        *_, last = until_closed(socket)
    assert (last.bye.reason, socket.close_code) == ("invalid", 4100)


def test_a_refusal_names_the_range_that_exists(client: Client, address: str) -> None:
    with following(address, client, "from=1000") as socket:
        (bye,) = until_closed(socket)
    head = json.loads(json.dumps(lines(address, "/v1/feed", client.auth, wait="0")[0]))["head"]
    assert (bye.bye.reason, bye.bye.available.head, socket.close_code) == ("in_the_future", head, 4108)
