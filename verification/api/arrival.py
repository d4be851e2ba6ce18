"""Stands before the web framework, which looks at a request only when all of it is there."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import cast

from protocol.ids import to_us
from protocol.problems import MEDIA_TYPE, Refused, body
from verification.api.asking import ARRIVED

__all__ = ["Arrival"]

Scope = MutableMapping[str, object]
Message = MutableMapping[str, object]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# The largest file of the contract, and room for the form around it.
MOST_BYTES = 61_000_000


class _TooMany(Exception):
    """The body is longer than anything we take."""


class Arrival:
    """Notes when a request's first byte came, and cuts off a body that is longer than anything we take."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope[ARRIVED] = to_us(datetime.now(UTC))
        try:
            _refuse_longer(_announced(scope))
            await self._app(scope, _counted(receive), send)
        except _TooMany:
            await _refuse(send)


def _announced(scope: Scope) -> int:
    headers = dict(cast("list[tuple[bytes, bytes]]", scope["headers"]))
    length = headers.get(b"content-length", b"0")
    return int(length) if length.isdigit() else 0


def _refuse_longer(n_bytes: int) -> None:
    if n_bytes > MOST_BYTES:
        raise _TooMany


def _counted(receive: Receive) -> Receive:
    """Count what comes, for bodies that do not announce their length."""
    seen = 0

    async def counting() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(cast("bytes", message.get("body", b"")))
        _refuse_longer(seen)
        return message

    return counting


async def _refuse(send: Send) -> None:
    refused = Refused("too_large", f"the request is longer than {MOST_BYTES} bytes")
    content = json.dumps(body(refused)).encode()
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": int(refused.problem.status), "headers": headers})
    await send({"type": "http.response.body", "body": content})
