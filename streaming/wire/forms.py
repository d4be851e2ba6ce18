"""The forms in which a WebSocket speaks, by the subprotocol that its reader chose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from asgiref.typing import WebSocketSendEvent

from streaming.wire.as_json import as_json
from streaming.wire.as_protobuf import as_protobuf
from streaming.wire.frames import Frame
from streaming.wire.heard import Said, from_json, from_protobuf

__all__ = ["JSON", "SUBPROTOCOLS", "Form"]


@dataclass(frozen=True, slots=True)
class Form:
    """One way to speak: its name in the delivery log, how a message is read, and how a frame is written."""

    name: str
    read: Callable[[str | bytes], Said]
    write: Callable[[Frame], WebSocketSendEvent]


def _text(frame: Frame) -> WebSocketSendEvent:
    return {"type": "websocket.send", "bytes": None, "text": as_json(frame).decode()}


def _binary(frame: Frame) -> WebSocketSendEvent:
    return {"type": "websocket.send", "bytes": as_protobuf(frame), "text": None}


JSON: Final = Form("websocket+json", from_json, _text)
SUBPROTOCOLS: Final = {
    "vouch.feed.v1+json": JSON,
    "vouch.feed.v1+proto": Form("websocket+proto", from_protobuf, _binary),
}
