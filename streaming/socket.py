"""The feed as a WebSocket, subprotocol vouch.feed.v1+json: one frame a message."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable
from typing import Final

from channels.generic.websocket import AsyncWebsocketConsumer

from protocol.problems import Refused
from streaming import frames
from streaming.asking import WrongVersion
from streaming.http import query_fields
from streaming.opening import Request, open_stream
from streaming.pace import Pace
from streaming.pump import Pump
from streaming.ring import in_reader_thread
from streaming.tailer import Tailer

__all__ = ["FeedSocket", "NoSuchSocket"]

_SUBPROTOCOL: Final = "vouch.feed.v1+json"
_HELLO_BYTES: Final = 8 * 1024
_LOG: Final = logging.getLogger(__name__)


class NoSuchSocket(AsyncWebsocketConsumer):
    """Refuses a socket at an address where none is."""

    channel_layer_alias = "none"

    async def connect(self) -> None:
        """Refuse before the handshake."""
        await self.close()


class FeedSocket(AsyncWebsocketConsumer):
    """One connection. The pump is a task of its own, so that what the reader sends is heard meanwhile.

    With an Authorization header the query says what is wanted and frames follow at once; without one a
    `hello` must come. Every refusal is told in a `bye` frame and by the close code.
    """

    # No such layer is configured: the socket has no mailbox in which something could be dropped.
    channel_layer_alias = "none"

    def __init__(self, *, pace: Pace, tailer: Callable[[], Tailer]) -> None:
        super().__init__()
        self._pace = pace
        self._tailer = tailer
        self._pump: Pump | None = None
        self._task: asyncio.Task[None] | None = None
        self._hello: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def connect(self) -> None:
        """Take the socket; what becomes of it is told in frames."""
        offered = self.scope["subprotocols"]
        known = _SUBPROTOCOL in offered
        await self.accept(_SUBPROTOCOL if known else None)
        version = None if known or not offered else WrongVersion()
        self._task = asyncio.create_task(self._run(version))
        self._task.add_done_callback(self._on_end)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Hear a frame of the reader; a wrong one ends the stream."""
        try:
            self._hear(_frame_of(text_data))
        except Refused as refused:
            self._stop()
            await self._refuse(refused)

    async def disconnect(self, _code: int) -> None:
        """Stop when the reader has gone."""
        self._stop()

    async def _run(self, version: Refused | None) -> None:
        try:
            if version is not None:
                raise version
            await self._follow()
        except Refused as refused:
            await self._refuse(refused)
        except OSError:
            return  # the reader has gone while we were writing

    async def _follow(self) -> None:
        header = dict(self.scope["headers"]).get(b"authorization", b"").decode("latin-1")
        if not header:
            await self._await_hello()
        request = Request(header=header, fields=query_fields(self.scope["query_string"]))
        following = await in_reader_thread(open_stream, request, now=self._pace.clock())
        self._pump = Pump(following, self._tailer(), self._pace)
        async for frame in self._pump.frames():
            await self.send(text_data=frame.decode())
        await self.close(frames.CLOSE_CODES[self._pump.ended])

    async def _await_hello(self) -> None:
        """Without a header only a ticket in `hello` says who asks: not built yet.

        Raises:
            Refused: always, with what to do instead.
        """
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hello, self._pace.hello_s)
        raise Refused("unauthorised", "tickets are not built yet: send a key in the Authorization header")

    def _hear(self, frame: dict[str, object]) -> None:
        match frame.get("frame"):
            case "hello" if self._pump is None and not self._hello.done():
                self._hello.set_result(None)
            case "ack":
                self._hear_ack(frame.get("number"))
            case "credit" | "auth" as name:
                raise Refused(
                    "not_yet", f"{name} is not built yet: nothing is held back, the header says who asks"
                )
            case _:
                raise Refused("invalid", "send hello once, then ack frames only", field="frame")

    def _hear_ack(self, number: object) -> None:
        sent = 0 if self._pump is None else self._pump.position
        if not isinstance(number, int) or not 0 <= number <= sent:
            raise Refused("invalid", f"an ack names a record that was sent, up to {sent}", field="number")

    async def _refuse(self, refused: Refused) -> None:
        await self.send(text_data=frames.refusal(refused).decode())
        await self.close(frames.close_code(refused))

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _on_end(self, task: asyncio.Task[None]) -> None:
        """Close a socket whose pump died: an open one that stays mute would be a silent gap."""
        if task.cancelled() or (error := task.exception()) is None:
            return
        _LOG.error("a feed's stream died", exc_info=error)
        self._task = asyncio.create_task(self.close(1011))


def _frame_of(text: str | None) -> dict[str, object]:
    if text is None or len(text) > _HELLO_BYTES:
        raise Refused("invalid", f"a frame is a JSON object in text of up to {_HELLO_BYTES} characters")
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):  # no JSON, or nested beyond what can be read
        frame = None
    if not isinstance(frame, dict):
        raise Refused("invalid", "a frame is a JSON object in text")
    return frame
