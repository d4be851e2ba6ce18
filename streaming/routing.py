"""The addresses of the feed, joined with everything else that is served over HTTP."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from channels.routing import ProtocolTypeRouter, URLRouter
from django.db import connections
from django.http.response import HttpResponseBase
from django.urls import re_path

from streaming.http import FeedHttp
from streaming.pace import Pace
from streaming.socket import FeedSocket, NoSuchSocket
from streaming.tailer import Tailer, tailer

if TYPE_CHECKING:
    from channels.routing import _ExtendedURLPattern

__all__ = ["SHIPPED_PACE", "application"]


def _now() -> datetime:
    return datetime.now(UTC)


SHIPPED_PACE = Pace(clock=_now, random_01=random.random)


def application(rest: object, *, pace: Pace = SHIPPED_PACE) -> ProtocolTypeRouter:
    """Make the public ASGI application: the feed's long responses and sockets, and `rest` for all else.

    Args:
        rest: an ASGI application for HTTP.
        pace: the times of the streams.
    """
    http = FeedHttp(pace=pace, tailer=_tailer)
    socket = FeedSocket.as_asgi(pace=pace, tailer=_tailer)
    case = r"^v1/cases/(?P<case>[0-9a-f-]{36})/feed$"
    served = [_route(r"^v1/feed$", http), _route(case, http), _route(r"", rest)]
    sockets = [_route(r"^v1/feed$", socket), _route(r"", NoSuchSocket.as_asgi())]
    return ProtocolTypeRouter({"http": URLRouter([*served]), "websocket": URLRouter([*sockets])})


def _route(address: str, app: object) -> _ExtendedURLPattern:
    """Lead an address to an ASGI application: Channels calls it as one, though Django speaks of views."""
    return cast("_ExtendedURLPattern", re_path(address, cast("Callable[..., HttpResponseBase]", app)))


def _tailer() -> Tailer:
    return tailer(Path(connections["feed"].settings_dict["NAME"]))
