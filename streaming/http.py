"""The feed as a long HTTP response: one frame a line, flushed as it comes (application/x-ndjson)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import TypedDict
from urllib.parse import parse_qsl

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope

from protocol.problems import MEDIA_TYPE, Refused, body, headers
from streaming.opening import Request, open_stream
from streaming.pace import Pace
from streaming.pump import Following, Pump
from streaming.ring import in_reader_thread
from streaming.tailer import Tailer

__all__ = ["FeedHttp", "RoutedScope", "query_fields"]

_NDJSON = "application/x-ndjson"
_HEADERS = [
    (b"content-type", _NDJSON.encode()),
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
            following = await self._open(scope)
        except Refused as refused:
            await _refuse(refused, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS, "trailers": False})
        await _until_gone(self._stream(following, send), receive)

    async def _open(self, scope: RoutedScope) -> Following:
        if scope["method"] != "GET":
            raise Refused("method_not_allowed", "a feed is read with GET")
        sent = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        _negotiate(sent.get("accept", "*/*"))
        request = Request(
            header=sent.get("authorization", ""),
            fields=query_fields(scope["query_string"]),
            case=scope["url_route"]["kwargs"].get("case", ""),
        )
        return await in_reader_thread(open_stream, request, now=self._pace.clock())

    async def _stream(self, following: Following, send: ASGISendCallable) -> None:
        async for frame in Pump(following, self._tailer(), self._pace).frames():
            await send({"type": "http.response.body", "body": frame + b"\n", "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _negotiate(accept: str) -> None:
    """Check that the reader takes lines of JSON.

    Raises:
        Refused: it wants another form, or one that is not built yet.
    """
    wanted = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    if wanted & {_NDJSON, "*/*", "application/*", ""}:
        return
    if "text/event-stream" in wanted:
        raise Refused("not_yet", f"server-sent events are not built yet; ask for {_NDJSON}", field="Accept")
    raise Refused("not_acceptable", f"the feed is given as {_NDJSON}", field="Accept")


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


async def _refuse(refused: Refused, send: ASGISendCallable) -> None:
    status = int(refused.problem.status)
    fields = {"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store", **headers(refused)}
    if refused.code == "method_not_allowed":
        fields["Allow"] = "GET"
    lines = [(name.lower().encode(), text.encode()) for name, text in fields.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines, "trailers": False})
    answer = json.dumps(body(refused)).encode()
    await send({"type": "http.response.body", "body": answer, "more_body": False})
