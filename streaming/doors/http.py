"""The feed as a long HTTP response: lines of JSON or server-sent events, flushed as they come."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Final, TypedDict
from urllib.parse import parse_qsl

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope

from protocol.problems import MEDIA_TYPE, Refused, body, headers
from streaming.doors.limits import streams
from streaming.doors.origins import allow_headers
from streaming.doors.serving import serving
from streaming.following.granted import Following
from streaming.following.opening import Request, open_stream
from streaming.following.pace import Pace
from streaming.reading.tailer import Tailer
from streaming.reading.threads import in_reader_thread
from streaming.wire.as_json import as_event, as_line
from streaming.wire.frames import Frame

__all__ = ["FeedHttp", "RoutedScope", "query_fields"]

_NDJSON: Final = "application/x-ndjson"
_EVENTS: Final = "text/event-stream"
_FORMS: Final[dict[str, tuple[str, Callable[[Frame], bytes]]]] = {
    _NDJSON: ("ndjson", as_line),
    _EVENTS: ("sse", as_event),
}
_HEADERS: Final = [
    # Proxies must pass each line on at once, whole and unkept (nginx reads the first header).
    (b"x-accel-buffering", b"no"),
    (b"cache-control", b"no-store, no-transform"),
]


class _Route(TypedDict):
    kwargs: dict[str, str]


class RoutedScope(HTTPScope):
    """A request whose address the router has taken apart."""

    url_route: _Route


class FeedHttp:
    """An ASGI application: `GET` of a client's feed or, with `case` in the address, of one case's."""

    def __init__(self, *, pace: Pace, tailer: Callable[[], Tailer]) -> None:
        self._pace = pace
        self._tailer = tailer

    async def __call__(
        self, scope: RoutedScope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Answer one request: frames until the wish is fulfilled or the reader has gone."""
        try:
            await self._answer(scope, receive, send)
        except Refused as refused:
            await _refuse(refused, scope, send)

    async def _answer(self, scope: RoutedScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["method"] == "OPTIONS":
            await _send(send, 204, allow_headers(scope["headers"]), b"")
            return
        if scope["method"] != "GET":
            raise Refused("method_not_allowed", "a feed is read with GET")
        sent = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        media = _negotiated(sent.get("accept", "*/*"))
        following = await self._open(scope, sent, events=media == _EVENTS)
        with streams().of(following.principal.client):
            start = [(b"content-type", media.encode()), *_HEADERS, *allow_headers(scope["headers"])]
            await send({"type": "http.response.start", "status": 200, "headers": start, "trailers": False})
            await _until_gone(self._stream(following, media, send), receive)

    async def _open(self, scope: RoutedScope, sent: dict[str, str], *, events: bool) -> Following:
        fields = query_fields(scope["query_string"])
        if events and sent.get("last-event-id"):
            # A browser comes back to the address of its first call: what it has had since counts.
            fields = {**fields, "after": sent["last-event-id"]}
            fields.pop("from", None)
        case = scope["url_route"]["kwargs"].get("case", "")
        request = Request(header=sent.get("authorization", ""), fields=fields, case=case)
        return await in_reader_thread(open_stream, request, now=self._pace.clock())

    async def _stream(self, following: Following, media: str, send: ASGISendCallable) -> None:
        form, write = _FORMS[media]
        async with serving(following, self._tailer(), self._pace, form=form) as pump:
            while frames := await pump.frames():
                body = b"".join(map(write, frames))
                await send({"type": "http.response.body", "body": body, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def _negotiated(accept: str) -> str:
    """Choose the form: the first one that is named, or lines for whoever takes anything.

    Raises:
        Refused: `not_acceptable`.
    """
    wanted = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    for media in wanted:
        if media in _FORMS:
            return media
    if {"*/*", "application/*", ""} & {*wanted}:
        return _NDJSON
    raise Refused("not_acceptable", f"the feed is given as {_NDJSON} or {_EVENTS}", field="Accept")


def query_fields(query: bytes) -> dict[str, str]:
    """Take a query string apart; of a field given twice the last one holds."""
    return dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))


async def _until_gone(work: Coroutine[None, None, None], receive: ASGIReceiveCallable) -> None:
    """Do the work until it is done or the reader has gone, whichever comes first."""
    lines = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait({lines, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        lines.cancel()
        gone.cancel()
        await asyncio.gather(lines, gone, return_exceptions=True)
    if not lines.cancelled():
        lines.result()


async def _gone(receive: ASGIReceiveCallable) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(refused: Refused, scope: RoutedScope, send: ASGISendCallable) -> None:
    fields = {"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store", **headers(refused)}
    if refused.code == "method_not_allowed":
        fields["Allow"] = "GET"
    lines = [(name.lower().encode(), text.encode()) for name, text in fields.items()]
    lines += allow_headers(scope["headers"])
    await _send(send, int(refused.problem.status), lines, json.dumps(body(refused)).encode())


async def _send(send: ASGISendCallable, status: int, lines: list[tuple[bytes, bytes]], answer: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": lines, "trailers": False})
    await send({"type": "http.response.body", "body": answer, "more_body": False})
