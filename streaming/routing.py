"""The addresses of the feed: the long HTTP responses and the WebSocket, for Channels' router."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from django.http.response import HttpResponseBase
from django.urls import re_path

from streaming.doors.http import FeedHttp
from streaming.doors.socket import FeedSocket, NoSuchSocket
from streaming.following.pace import Pace
from streaming.reading.tailer import tailer

if TYPE_CHECKING:
    from channels.routing import URLRouter, _ExtendedURLPattern

    Routes = list[_ExtendedURLPattern | URLRouter]

__all__ = ["http_patterns", "patterns", "websocket_patterns"]


def _now() -> datetime:
    return datetime.now(UTC)


def patterns(pace: Pace) -> tuple[Routes, Routes]:
    """Give the addresses of the long responses and of the sockets, with streams that keep to a pace."""
    http = FeedHttp(pace=pace, tailer=tailer)
    socket = FeedSocket.as_asgi(pace=pace, tailer=tailer)
    case = r"^v1/cases/(?P<case>[0-9a-f-]{36})/feed$"
    return [_route(r"^v1/feed$", http), _route(case, http)], [
        _route(r"^v1/feed$", socket),
        _route(r"", NoSuchSocket.as_asgi()),
    ]


def _route(address: str, app: object) -> _ExtendedURLPattern:
    """Lead an address to an ASGI application: Channels calls it as one, though Django speaks of views."""
    return cast("_ExtendedURLPattern", re_path(address, cast("Callable[..., HttpResponseBase]", app)))


http_patterns, websocket_patterns = patterns(Pace(clock=_now, random_01=random.random))
