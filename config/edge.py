"""The web's edge: each request joins a trace, is counted and is timed; streams are counted while open.

A caller's `traceparent` is gone on with. A request without one that names a case joins the case's own trace;
one that opens a case needs none: the case's first event begins it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Final, cast

from protocol import trace
from subscriber.doing import Doing, while_doing
from subscriber.metering import Meters
from subscriber.metrics import FEED_STREAMS, HTTP_REQUESTS, HTTP_SECONDS

__all__ = ["Edge"]

Scope = MutableMapping[str, object]
Message = MutableMapping[str, object]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_CASE: Final = re.compile(r"^/v1/cases/([0-9a-f-]{36})(?:/|$)")
_STREAM: Final = re.compile(r"^/v1/(feed|cases/[0-9a-f-]{36}/feed)$")
# What a label may say: an address is whatever a caller writes, and would make a series for each.
_AREAS: Final = (
    "/v1/cases",
    "/v1/feed",
    "/capture",
    "/catalogue",
    "/admin",
    "/static",
    "/healthz",
    "/readyz",
    "/v1",
)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OTHER: Final = "other"


class Edge:
    """An ASGI application around the public one."""

    def __init__(self, app: App, meters: Meters) -> None:
        self._app = app
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        with while_doing(_joined(scope)):
            if scope["type"] == "websocket" or _STREAM.match(str(scope["path"])):
                with self._open(scope):
                    await self._app(scope, receive, send)
            else:
                await self._timed(scope, receive, send)

    @contextmanager
    def _open(self, scope: Scope) -> Iterator[None]:
        form = "websocket" if scope["type"] == "websocket" else "response"
        self._meters.add(FEED_STREAMS, 1, form)
        try:
            yield
        finally:
            self._meters.add(FEED_STREAMS, -1, form)

    async def _timed(self, scope: Scope, receive: Receive, send: Send) -> None:
        began_s, status = time.monotonic(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = cast("int", message["status"])
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            area, method = _area(str(scope["path"])), str(scope["method"])
            known = method if method in _METHODS else _OTHER
            self._meters.add(HTTP_REQUESTS, 1, area, known, str(status))
            self._meters.observe(HTTP_SECONDS, time.monotonic() - began_s, area)


def _joined(scope: Scope) -> Doing:
    """Find the trace and the case of a request."""
    headers = dict(cast("list[tuple[bytes, bytes]]", scope["headers"]))
    named = _CASE.match(str(scope["path"]))
    subject = named[1] if named else ""
    given = trace.parse(headers.get(b"traceparent", b"").decode("latin-1"))
    return Doing(given or (trace.of_subject(subject) if subject else ""), subject)


def _area(path: str) -> str:
    return next((area for area in _AREAS if path == area or path.startswith(f"{area}/")), _OTHER)
