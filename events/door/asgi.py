"""The door as an ASGI application: seven addresses, a service key for each call, problems as JSON.

GET  /internal/v1/journal?after=EPOCH-P&streams=a,b   frames for ever (`vouch.journal.v1.Frame`)
GET  /internal/v1/statistics?after=N                  the same of the statistics, by their own numbering
POST /internal/v1/journal                             AppendRequest → AppendResponse
GET  /internal/v1/coordinator                         200 while coordinated events are taken, else 503
POST /internal/v1/keys                                {"applicant", "class", "purpose"} → {"key"}
POST /internal/v1/own-keys                            {"applicants", "class", "purpose"} → {"keys"}
POST /internal/v1/templates                           {"applicant", "evidence_id", "class", "purpose"} → bytes
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final, TypeVar

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope
from django.db import OperationalError, connections

from events.door.appending import append, coordinator
from events.door.granting import grant, own_keys, template
from events.door.problems import Problem
from events.door.reading import answer, question
from events.door.services import identify
from events.door.statistics import statistics_answer, statistics_question
from events.door.threads import OwnThread
from subscriber.errors import NotNow

__all__ = ["app"]

T = TypeVar("T")
_ADDRESSES: Final = (
    "/internal/v1/journal",
    "/internal/v1/statistics",
    "/internal/v1/coordinator",
    "/internal/v1/keys",
    "/internal/v1/own-keys",
    "/internal/v1/templates",
)
# A thousand small events; larger ones are sent in more calls.
_MAX_BODY: Final = 8 * 1024 * 1024
_PROTOBUF: Final = b"application/protobuf"
_JSON: Final = b"application/json"
_BYTES: Final = b"application/octet-stream"


async def app(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Answer one request of a service."""
    if scope["type"] != "http":
        raise ValueError(f"the journal door speaks HTTP only, not {scope['type']}")
    try:
        await _routed(scope, receive, send)
    except Problem as problem:
        await _start(send, problem.status, b"application/problem+json")
        await _body(send, problem.body(), more=False)


async def _routed(scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Do what is asked; a database that is away is said like any other problem."""
    try:
        await _route(scope, receive, send)
    except (NotNow, OperationalError) as error:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "the journal cannot be asked now"
        ) from error


async def _route(scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    authorization = headers.get("authorization", "")
    query = scope["query_string"].decode("latin-1")
    match scope["method"], scope["path"]:
        case "GET", "/internal/v1/journal":
            asked = await _in_thread(lambda: question(identify(authorization), query))
            await _stream(answer(asked), receive, send)
        case "GET", "/internal/v1/statistics":
            wanted = await _in_thread(lambda: statistics_question(identify(authorization), query))
            await _stream(statistics_answer(wanted), receive, send)
        case "POST", "/internal/v1/journal":
            body = await _read(receive)
            done = await _in_thread(lambda: append(identify(authorization), body, now=datetime.now(UTC)))
            await _whole(send, _PROTOBUF, done)
        case "GET", "/internal/v1/coordinator":
            await _whole(send, _PROTOBUF, await _in_thread(lambda: _coordinator(authorization)))
        case "POST", "/internal/v1/keys":
            body = await _read(receive)
            await _whole(send, _JSON, await _in_thread(lambda: grant(identify(authorization), body)))
        case "POST", "/internal/v1/own-keys":
            body = await _read(receive)
            await _whole(send, _JSON, await _in_thread(lambda: own_keys(identify(authorization), body)))
        case "POST", "/internal/v1/templates":
            body = await _read(receive)
            await _whole(send, _BYTES, await _in_thread(lambda: template(identify(authorization), body)))
        case _:
            raise Problem(HTTPStatus.NOT_FOUND, "not_found", f"there are {', '.join(_ADDRESSES)}")


def _coordinator(authorization: str) -> bytes:
    identify(authorization)
    return coordinator()


async def _in_thread(do: Callable[[], T]) -> T:
    """Do database work away from the event loop, with a connection that is closed after it."""
    async with OwnThread(connections.close_all) as thread:
        return await thread.call(do)


async def _read(receive: ASGIReceiveCallable) -> bytes:
    body = bytearray()
    while True:
        event = await receive()
        if event["type"] != "http.request":
            raise Problem(HTTPStatus.BAD_REQUEST, "invalid", "the request was broken off")
        body += event["body"]
        if len(body) > _MAX_BODY:
            raise Problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", f"at most {_MAX_BODY} bytes a call"
            )
        if not event["more_body"]:
            return bytes(body)


async def _stream(
    chunks: AsyncGenerator[bytes, None], receive: ASGIReceiveCallable, send: ASGISendCallable
) -> None:
    """Send chunks until the reader hangs up; a problem before the first one is raised, to be answered."""
    first = await anext(chunks)
    await _start(send, HTTPStatus.OK, b"application/x-vouch-frames")
    await _body(send, first, more=True)
    sending = asyncio.create_task(_send_all(chunks, send))
    hanging_up = asyncio.create_task(_gone(receive))
    try:
        await asyncio.wait((sending, hanging_up), return_when=asyncio.FIRST_COMPLETED)
    finally:
        hanging_up.cancel()
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending


async def _send_all(chunks: AsyncGenerator[bytes, None], send: ASGISendCallable) -> None:
    """Send what comes; when the journal is away in the middle, the answer ends and the reader comes again."""
    try:
        async with aclosing(chunks):
            async for chunk in chunks:
                await _body(send, chunk, more=True)
    except (NotNow, OperationalError):
        await _body(send, b"", more=False)


async def _gone(receive: ASGIReceiveCallable) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


async def _whole(send: ASGISendCallable, content_type: bytes, body: bytes) -> None:
    await _start(send, HTTPStatus.OK, content_type)
    await _body(send, body, more=False)


async def _start(send: ASGISendCallable, status: HTTPStatus, content_type: bytes) -> None:
    headers = [(b"content-type", content_type), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers, "trailers": False})


async def _body(send: ASGISendCallable, body: bytes, *, more: bool) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})
