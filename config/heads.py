"""How long, and how much of, a request's head may take: who dribbles it in holds a socket and nothing else.

uvicorn waits for a head without end, and keeps all that comes of it. Between two requests its own, shorter
time for an idle connection holds.
"""

from __future__ import annotations

from asyncio import Transport
from asyncio.events import TimerHandle
from typing import Any, Final

import uvloop
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["PatientHttp", "PatientLoop"]

_WITHIN_S: Final = 10.0
# Four times what browsers and proxies send at most.
_MOST_BYTES: Final = 64 * 1024
_ANSWER: Final = b"HTTP/1.1 %b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class PatientHttp(HttpToolsProtocol):
    """One connection of uvicorn's: closed when a head is not whole `head_within_s` after its beginning.

    A first head begins with the connection, a WebSocket's handshake is one too. What came of a late head is
    answered with 408, of one that is too large with 431; a connection that said nothing is told nothing.
    """

    head_within_s = _WITHIN_S
    _late: TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Take in what came; while no request is being answered it belongs to a head."""
        if self._late is None and (self.cycle is None or self.cycle.response_complete):
            self._await_head()
        self._head_bytes += len(data)
        super().data_received(data)
        if self._late is not None and self._head_bytes > _MOST_BYTES:
            self._refuse(b"431 Request Header Fields Too Large")

    def on_headers_complete(self) -> None:
        """Wait no more: the head is whole."""
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the waiting go with the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._head_bytes = 0
        self._late = self.loop.call_later(self.head_within_s, self._too_late)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _too_late(self) -> None:
        self._refuse(b"408 Request Timeout" if self._head_bytes else b"")

    def _refuse(self, status: bytes) -> None:
        self._stop_waiting()
        if self.transport.is_closing():
            return
        if status:
            self.transport.write(_ANSWER % status)
            self.transport.close()
        else:
            self.transport.abort()


class PatientLoop(uvloop.Loop):
    """uvloop's event loop, whose servers let a TLS handshake take no longer than a head may.

    A whole head can only come after it. The loop itself would wait a minute, and uvicorn hands no time on.
    """

    handshake_within_s = _WITHIN_S

    async def create_server(self, *args: Any, **options: Any) -> Any:
        """Make a server; see `asyncio.loop.create_server`."""
        if options.get("ssl") is not None:
            options.setdefault("ssl_handshake_timeout", self.handshake_within_s)
        return await super().create_server(*args, **options)
