"""A server that is in more of a hurry with heads than ours, otherwise the same."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, Scope

from config.heads import PatientHttp, PatientLoop

__all__ = ["SLACK_S", "WITHIN_S", "served"]

WITHIN_S = 0.4
# A machine with much to do takes longer, never shorter.
SLACK_S = 5.0


class _Hurried(PatientHttp):
    head_within_s = WITHIN_S


class _HurriedLoop(PatientLoop):
    handshake_within_s = WITHIN_S


async def _app(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Answer once the whole body has come; a WebSocket is taken and left open."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        await receive()
        return
    while (message := await receive())["type"] == "http.request" and message["more_body"]:
        pass
    await send({"type": "http.response.start", "status": 204, "headers": [], "trailers": False})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _run(server: uvicorn.Server, listening: socket.socket) -> None:
    with asyncio.Runner(loop_factory=_HurriedLoop) as runner:
        runner.run(server.serve([listening]))


@contextmanager
def served(certificate: str = "", key: str = "") -> Iterator[int]:
    """Give the port of a server in a thread of its own."""
    config = uvicorn.Config(
        _app,
        log_level="error",
        lifespan="off",
        http=_Hurried,
        ws="websockets-sansio",
        timeout_keep_alive=30,
        ssl_certfile=certificate or None,
        ssl_keyfile=key or None,
    )
    server, listening = uvicorn.Server(config), socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=_run, args=[server, listening])
    thread.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join()
