"""The public feed on the page: its WebSocket, its long responses, and the messages of both."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from protocol.asyncapi.closing import CLOSINGS, refusals
from protocol.asyncapi.frames import CLIENT_FRAMES, NOT_YET, SERVER_FRAMES
from protocol.asyncapi.schemas import Json, comment_of, ref
from protocol.described import source_of

__all__ = ["PROTOBUF", "channels", "messages", "operations"]

# How a schema in Protocol Buffers is announced (AsyncAPI 3.0, "Multi Format Schema Object").
PROTOBUF: Final = "application/vnd.google.protobuf;version=3"
_SUBPROTOCOLS: Final = ("vouch.feed.v1+json", "vouch.feed.v1+proto")
_ENVELOPES: Final = {"server_frame": "vouch.feed.v1.ServerFrame", "client_frame": "vouch.feed.v1.ClientFrame"}
_FORMS: Final = {
    "lines": (
        "application/x-ndjson",
        "One frame a line, flushed as it comes; also for `Accept: */*` or none. `curl -N` is a client.",
    ),
    "events": (
        "text/event-stream",
        (
            "One frame a server-sent event, as its data. A record's cursor is its id: Last-Event-ID goes on "
            "after it. `retry` says when to come back."
        ),
    ),
}
_RESPONSES: Final = {
    "feed_response": ("/v1/feed", "A client's feed as a long HTTP response: from now on, by default."),
    "case_response": (
        "/v1/cases/{case}/feed",
        "One case as a long HTTP response: from its earliest record, in the client feed's numbers.",
    ),
}
_RESPONSE: Final = (
    "A case token reads its own case alone, in numbers of its own, and only what an applicant may see. Who "
    "cannot be answered gets a problem document (RFC 9457)."
)
_SOCKET: Final = """\
One frame a message: JSON in text with vouch.feed.v1+json, Protocol Buffers in binary messages with
vouch.feed.v1+proto. With an Authorization header the query says what is wanted; without one a `hello` with a
ticket must come within five seconds. A stream begins with credit for 1,000 records.

Close codes 40xx: come back, but after 4004; 41xx: not as it is. Every refusal is told in a `bye` first.
"""


def messages() -> Json:
    """Describe each frame as a message, and the two envelopes that frames travel in as Protocol Buffers."""
    frames = {name: _frame(name, message) for name, message in (SERVER_FRAMES | CLIENT_FRAMES).items()}
    return frames | {name: _envelope(name, message) for name, message in _ENVELOPES.items()}


def channels() -> Json:
    """Describe the socket and the long responses."""
    socket = {
        "address": "/v1/feed",
        "title": "A client's feed as a WebSocket",
        "description": _SOCKET,
        "servers": [{"$ref": "#/servers/sockets"}],
        "messages": _listed(*SERVER_FRAMES, *CLIENT_FRAMES, *_ENVELOPES),
        "bindings": {
            "ws": {"method": "GET", "query": ref("Wish"), "headers": _handshake(), "bindingVersion": "0.1.0"}
        },
        "x-close-codes": [_closing(asdict(closing)) for closing in CLOSINGS],
    }
    return {"feed": socket} | {name: _response(*told) for name, told in _RESPONSES.items()}


def operations() -> Json:
    """Describe who says what: `send` is what we say, `receive` what we hear."""
    said = {
        "say_frames": _operation("send", "feed", [*SERVER_FRAMES]),
        "hear_frames": _operation("receive", "feed", [*CLIENT_FRAMES]),
        "say_protobuf_frames": _operation("send", "feed", ["server_frame"]),
        "hear_protobuf_frames": _operation("receive", "feed", ["client_frame"]),
    }
    for channel in _RESPONSES:
        for form, (media, comment) in _FORMS.items():
            http = {"http": {"method": "GET", "query": ref("Wish"), "bindingVersion": "0.3.0"}}
            told = {"description": comment, "bindings": http, "x-media-type": media}
            said[f"say_{channel}_{form}"] = _operation("send", channel, [*SERVER_FRAMES]) | told
    return said


def _frame(name: str, message: str) -> Json:
    return {
        "name": name,
        "title": message,
        "summary": comment_of(f"vouch.feed.v1.{message}"),
        "contentType": "application/json",
        "payload": ref(message),
    }


def _envelope(name: str, message: str) -> Json:
    return {
        "name": name,
        "title": message,
        "summary": comment_of(message),
        "contentType": "application/protobuf",
        "payload": {"schemaFormat": PROTOBUF, "schema": source_of(message)},
    }


def _response(address: str, comment: str) -> Json:
    parameters = {"parameters": {"case": {"description": "The case's id."}}} if "{case}" in address else {}
    return {
        "address": address,
        "title": comment.partition(":")[0],
        "description": f"{comment} {_RESPONSE}",
        "servers": [{"$ref": "#/servers/responses"}],
        **parameters,
        "messages": _listed(*SERVER_FRAMES),
        "x-refusals": refusals(),
    }


def _handshake() -> Json:
    fields = {
        "Authorization": {"type": "string", "description": "Bearer, and a key or a ticket; or say hello."},
        "Sec-WebSocket-Protocol": {"type": "string", "enum": [*_SUBPROTOCOLS], "default": _SUBPROTOCOLS[0]},
    }
    return {"type": "object", "properties": fields}


def _closing(told: Json) -> Json:
    said = told.pop("said")
    return {**told, "reasons": [*told["reasons"]]} | ({} if said else {NOT_YET: True})


def _operation(action: str, channel: str, names: list[str]) -> Json:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in names],
    }


def _listed(*names: str) -> Json:
    return {name: {"$ref": f"#/components/messages/{name}"} for name in names}
