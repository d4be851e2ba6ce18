"""What a WebSocket's reader says: `hello`, `credit`, `ack` and `auth`, as JSON or Protocol Buffers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from google.protobuf.message import DecodeError

from protocol.problems import Refused
from protocol.schemas import feed_v1_pb2 as feed

__all__ = ["Ack", "Auth", "Credit", "Hello", "Said", "from_json", "from_protobuf"]

_MOST_BYTES: Final = 8 * 1024
# What fits into the numbers of Protocol Buffers.
_MOST: Final = (1 << 64) - 1
_WISHES: Final = frozenset({"from", "after", "partition", "limit", "wait", "until", "kinds", "subscription"})


@dataclass(frozen=True, slots=True)
class Hello:
    """Who asks, by a ticket or (empty) by the handshake's header; for what, as a query would say it."""

    ticket: str
    fields: Mapping[str, str]
    credit: int | None


@dataclass(frozen=True, slots=True)
class Credit:
    """So many records more."""

    n: int


@dataclass(frozen=True, slots=True)
class Ack:
    """Everything up to a number was stored."""

    number: int


@dataclass(frozen=True, slots=True)
class Auth:
    """Goes on with a fresh ticket."""

    ticket: str


Said = Hello | Credit | Ack | Auth


def from_json(message: str | bytes) -> Said:
    """Read a frame that came as text.

    Raises:
        Refused: `invalid`: it is no frame, too large, or unknown.
    """
    if not isinstance(message, str) or len(message) > _MOST_BYTES:
        raise _invalid(f"a frame is a JSON object in text of up to {_MOST_BYTES} characters")
    try:
        said = json.loads(message)
        # Half a surrogate pair, which an escape can write, is no text: nothing could be said about it.
        json.dumps(said, ensure_ascii=False).encode()
    except (ValueError, RecursionError):  # no JSON, or nested beyond what can be read
        said = None
    if not isinstance(said, dict):
        raise _invalid("a frame is a JSON object in text")
    name = said.pop("frame", None)
    match name:
        case "hello":
            return _hello(said)
        case "credit":
            return Credit(_whole("n", said.get("n"), 1))
        case "ack":
            return Ack(_whole("number", said.get("number"), 0))
        case "auth":
            return Auth(_text("ticket", said.get("ticket")))
    raise _invalid("send hello once, then credit, ack or auth frames", field="frame")


def from_protobuf(message: str | bytes) -> Said:
    """Read a frame that came as a serialised `vouch.feed.v1.ClientFrame`; raises as `from_json` does."""
    if not isinstance(message, bytes) or len(message) > _MOST_BYTES:
        raise _invalid(f"a frame is a binary message of up to {_MOST_BYTES} bytes")
    try:
        said = feed.ClientFrame.FromString(message)
    except DecodeError as error:
        raise _invalid("a frame is a serialised vouch.feed.v1.ClientFrame") from error
    match said.WhichOneof("frame"):
        case "hello":
            return _hello(_fields(said.hello))
        case "credit":
            return Credit(_whole("n", said.credit.n, 1))
        case "ack":
            return Ack(said.ack.number)
        case "auth":
            return Auth(_text("ticket", said.auth.ticket))
    raise _invalid("send hello once, then credit, ack or auth frames", field="frame")


def _fields(hello: feed.Hello) -> dict[str, object]:
    return {
        field.name: list(hello.kinds) if field.name == "kinds" else value
        for field, value in hello.ListFields()
    }


def _hello(said: Mapping[str, object]) -> Hello:
    """Read the fields of a hello: numbers and lists may be given as such."""
    ticket, credit = said.get("ticket"), said.get("credit")
    wishes = {name: _wish(name, value) for name, value in said.items() if name not in {"ticket", "credit"}}
    for name in sorted(wishes.keys() - _WISHES):
        raise _invalid(f"hello has no {name}", field=name)
    return Hello(
        ticket="" if ticket is None else _text("ticket", ticket),
        fields=wishes,
        credit=None if credit is None else _whole("credit", credit, 0),
    )


def _wish(name: str, value: object) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ",".join(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _text(name, value)


def _whole(field: str, value: object, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= _MOST:
        raise _invalid(f"{field} must be a whole number from {least}", field=field)
    return value


def _text(field: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _invalid(f"{field} must be a text", field=field)
    return value


def _invalid(detail: str, **extra: object) -> Refused:
    return Refused("invalid", detail, **extra)
