"""The forms in which a WebSocket speaks, by the subprotocol that its reader chose."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

from streaming.wire.as_json import as_json
from streaming.wire.as_protobuf import as_protobuf
from streaming.wire.frames import Frame
from streaming.wire.heard import Said, from_json, from_protobuf

__all__ = ["JSON", "SUBPROTOCOLS", "Form", "Sends"]


class Sends(Protocol):
    """What a form needs of a socket."""

    async def send(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Send one message."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to speak: its name in the delivery log, how a message is read, and how a frame is sent."""

    name: str
    read: Callable[[str | bytes], Said]
    send: Callable[[Sends, Frame], Awaitable[None]]


async def _text(socket: Sends, frame: Frame) -> None:
    await socket.send(text_data=as_json(frame).decode())


async def _binary(socket: Sends, frame: Frame) -> None:
    await socket.send(bytes_data=as_protobuf(frame))


JSON: Final = Form("websocket+json", from_json, _text)
SUBPROTOCOLS: Final = {
    "vouch.feed.v1+json": JSON,
    "vouch.feed.v1+proto": Form("websocket+proto", from_protobuf, _binary),
}
