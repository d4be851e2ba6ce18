"""The feed as a WebSocket: a frame a message, JSON or Protocol Buffers; the reader says how much it wants."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final

from channels.generic.websocket import AsyncWebsocketConsumer

from access.principals import Unauthorised, authenticate
from protocol.problems import Refused
from streaming.doors.http import query_fields
from streaming.doors.limits import streams
from streaming.doors.origins import is_allowed
from streaming.doors.serving import serving
from streaming.following.credit import AT_FIRST, Credit
from streaming.following.opening import Request, open_stream
from streaming.following.pace import Pace
from streaming.following.pump import Pump
from streaming.reading.tailer import Tailer
from streaming.reading.threads import in_reader_thread
from streaming.wire import heard
from streaming.wire.asking import WrongVersion
from streaming.wire.forms import JSON, SUBPROTOCOLS
from streaming.wire.frames import CLOSE_CODES, Frame, Refusal, close_code

__all__ = ["FeedSocket", "NoSuchSocket"]

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
        self._form = JSON
        self._credit = Credit(AT_FIRST)
        self._pump: Pump | None = None
        self._task: asyncio.Task[None] | None = None
        self._hello: asyncio.Future[heard.Hello] = asyncio.get_running_loop().create_future()

    async def connect(self) -> None:
        """Take the socket; what becomes of it is told in frames. A foreign page gets no handshake."""
        if not is_allowed(self.scope["headers"]):
            await self.close()
            return
        offered = self.scope["subprotocols"]
        chosen = next((name for name in offered if name in SUBPROTOCOLS), None)
        await self.accept(chosen)
        self._form = SUBPROTOCOLS.get(chosen or "", JSON)
        version = None if chosen or not offered else WrongVersion()
        self._task = asyncio.create_task(self._run(version))
        self._task.add_done_callback(self._on_end)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Hear a frame of the reader; a wrong one ends the stream."""
        try:
            await self._hear(self._form.read((text_data if bytes_data is None else bytes_data) or ""))
        except Refused as refused:
            await self._stop()
            await self._refuse(refused)

    async def disconnect(self, _code: int) -> None:
        """Stop when the reader has gone."""
        await self._stop()

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
        request = self._asked() or await self._greeted()
        following = await in_reader_thread(open_stream, request, now=self._pace.clock())
        name, credit = self._form.name, self._credit
        with streams().of(following.principal.client):
            async with serving(following, self._tailer(), self._pace, form=name, credit=credit) as pump:
                self._pump = pump
                while frames := await pump.frames():
                    for message in map(self._form.write, frames):
                        await self.base_send(message)
        await self.close(CLOSE_CODES[pump.ended])

    def _asked(self) -> Request | None:
        """Read header and query of the handshake; None: it has no header, so a hello must come."""
        header = dict(self.scope["headers"]).get(b"authorization", b"").decode("latin-1")
        return Request(header=header, fields=query_fields(self.scope["query_string"])) if header else None

    async def _greeted(self) -> Request:
        """Wait for a hello with a ticket; what the query says holds where the hello says nothing.

        Raises:
            Refused: none came in time, or it had no ticket.
        """
        with streams().stranger(), contextlib.suppress(TimeoutError):
            hello = await asyncio.wait_for(self._hello, self._pace.hello_s)
            if not hello.ticket:
                raise Unauthorised
            fields = {**query_fields(self.scope["query_string"]), **hello.fields}
            return Request(header=f"Bearer {hello.ticket}", fields=fields)
        raise Refused(
            "unauthorised", "say hello with a ticket within five seconds, or send a key in the header"
        )

    async def _hear(self, said: heard.Said) -> None:
        match said:
            case heard.Hello() if self._pump is None and not self._hello.done():
                if said.credit is not None:
                    self._credit = Credit(said.credit)
                self._hello.set_result(said)
            case heard.Hello():
                raise Refused("invalid", "hello is said once, and not after a header", field="frame")
            case heard.Credit(n):
                self._credit.add(n)
            case heard.Ack(number):
                self._opened().ack(number)
            case heard.Auth(ticket):
                header, now = f"Bearer {ticket}", self._pace.clock()
                fresh = await in_reader_thread(authenticate, header, now=now, tickets=True)
                self._opened().standing.renew(fresh)

    def _opened(self) -> Pump:
        if self._pump is None:
            raise Refused("invalid", "the stream has not begun: wait for its welcome", field="frame")
        return self._pump

    async def _say(self, frame: Frame) -> None:
        await self.base_send(self._form.write(frame))

    async def _refuse(self, refused: Refused) -> None:
        await self._say(Refusal(refused))
        await self.close(close_code(refused))

    async def _stop(self) -> None:
        """End the stream, and wait until it has let go of what it held."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})

    def _on_end(self, task: asyncio.Task[None]) -> None:
        """Close a socket whose pump died: an open one that stays mute would be a silent gap."""
        if task.cancelled() or (error := task.exception()) is None:
            return
        _LOG.error("a feed's stream died", exc_info=error)
        self._task = asyncio.create_task(self.close(1011))
