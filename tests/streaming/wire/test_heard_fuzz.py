"""Whatever a WebSocket's reader sends: it is a frame, or refused as invalid; and nobody else is touched."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from protocol.problems import Refused
from protocol.schemas import feed_v1_pb2 as feed
from streaming.wire.heard import Ack, Auth, Credit, Hello, from_json, from_protobuf
from tests.streaming import told
from tests.streaming.conftest import House
from tests.streaming.readers import numbers

Read = Callable[[str | bytes], object]

_MOST = (1 << 64) - 1
_WORDS = st.sampled_from(["hello", "credit", "ack", "auth", "n", "number", "ticket", "from", "kinds", ""])
_NUMBERS = st.integers() | st.sampled_from([0, 1, _MOST, _MOST + 1]) | st.floats()
_LEAVES = st.none() | st.booleans() | _NUMBERS | st.text() | _WORDS
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS, inner, max_size=4)
)
# Nearly right: the names are ours, the values are anything.
_NEARLY = st.dictionaries(_WORDS, _VALUES, max_size=5).flatmap(
    lambda said: _WORDS.map(lambda name: json.dumps({**said, "frame": name}))
)
_VALID = (
    feed.ClientFrame(hello=feed.Hello(ticket="t", partition="0/4", kinds=["case", "check"], credit=5)),
    feed.ClientFrame(credit=feed.Credit(n=1_000)),
    feed.ClientFrame(ack=feed.Ack(number=75)),
    feed.ClientFrame(auth=feed.Auth(ticket="t")),
)


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    """A valid binary frame, some of whose bytes are others, missing or more."""
    said = bytearray(draw(st.sampled_from(_VALID)).SerializeToString())
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(said)))
        said[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(said)


def _said(read: Read, message: str | bytes) -> object:
    try:
        return read(message)
    except Refused as refused:
        return refused


def _is_typed_or_refused(read: Read, message: str | bytes) -> None:
    match _said(read, message):
        case Refused() as refused:
            assert refused.code == "invalid"
            assert refused.detail.encode()
        case Hello(ticket, fields, credit):
            assert "".join((ticket, *fields, *fields.values())).encode() is not None
            assert credit is None or 0 <= credit <= _MOST
        case Credit(n) | Ack(n):
            assert type(n) is int
            assert 0 <= n <= _MOST
        case Auth(ticket):
            assert ticket
        case other:
            pytest.fail(f"{other!r} is no frame")


@settings(max_examples=300, deadline=None)
@example('{"frame": "hello", "from": ' + "9" * 5000 + "}")
@example('{"frame": "credit", "n": NaN}')
@example('{"frame": "credit", "n": 1e999}')
@example('{"frame": "auth", "ticket": "\\ud800"}')
@example('{"frame": "hello", "kinds": ["\\ud800"]}')
@example('{"frame": "hello", "\\ud800": 1}')
@example('{"frame": ["hello"]}')
@example('{"frame": {"a": []}}')
@example("[" * 8000)
@example("\ufeff{}")
@given(st.text() | st.binary() | _NEARLY | _VALUES.map(json.dumps))
def test_any_text_is_a_frame_or_refused(message: str | bytes) -> None:
    _is_typed_or_refused(from_json, message)


@settings(max_examples=300, deadline=None)
@example(b"\x0a\xff\xff\xff\xff\x0f")
@example(b"\x12\x02\x08\x00")
@example(b"\x0b" * 4000)
@given(st.binary() | st.text() | _mutated())
def test_any_bytes_are_a_frame_or_refused(message: str | bytes) -> None:
    _is_typed_or_refused(from_protobuf, message)


def _bad(n: int) -> str | bytes:
    """The nth wrong thing to say."""
    said: list[str | bytes] = [
        b"\xff\xfe" * 10,
        "{",
        "[" * 5000,
        '{"frame": "credit", "n": -1}',
        '{"frame": "hello", "ticket": "\\ud800"}',
        '{"frame": "hello", "ticket": "' + "x" * 7000 + '"}',
        '{"frame": "ack", "number": 1}',
        '{"frame": "hello", "ticket": "t", "from": ' + "9" * 4000 + "}",
        '{"frame": "hello", "\\ud800": 1}',
        '{"frame": "hello", "ticket": "\\u0000\\r\\nX: y"}',
        "x" * 9000,
    ]
    return said[n % len(said)]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True, databases=["default", "keys", "feed"])
def test_two_hundred_bad_sockets_in_a_row_leave_others_unaffected(house: House, address: str) -> None:
    client, url = house.client(), f"ws://{address}/v1/feed"
    json_, proto = Subprotocol("vouch.feed.v1+json"), Subprotocol("vouch.feed.v1+proto")
    codes: set[int | None] = set()
    with connect(url, additional_headers=client.auth, subprotocols=[json_]) as other:
        assert '"welcome"' in str(other.recv(timeout=10))
        for n in range(200):
            with connect(url, subprotocols=[proto if n % 20 < 5 else json_]) as bad:
                bad.send(_bad(n))
                with suppress(ConnectionClosed):
                    while True:
                        bad.recv(timeout=10)
                codes.add(bad.close_code)
        client.case(told.received())
        house.write()
        frames = (json.loads(other.recv(timeout=10)) for _ in range(1_000))
        assert numbers([next(f for f in frames if f["frame"] == "record") for _ in range(3)]) == [1, 2, 3]
    assert codes <= {4100, 4101}
