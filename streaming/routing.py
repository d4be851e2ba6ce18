"""The addresses of the feed: the long HTTP responses, and the WebSocket."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

from django.db import connections
from django.urls import URLPattern, path

from streaming.http import FeedHttp
from streaming.pace import Pace
from streaming.socket import FeedSocket
from streaming.tailer import Tailer, tailer

__all__ = ["http_patterns", "patterns", "websocket_patterns"]


def _now() -> datetime:
    return datetime.now(UTC)


def _tailer() -> Tailer:
    return tailer(Path(connections["feed"].settings_dict["NAME"]))


def patterns(pace: Pace) -> tuple[list[URLPattern], list[URLPattern]]:
    """Give the HTTP and the WebSocket addresses, with streams that keep to a pace."""
    http = FeedHttp(pace=pace, tailer=_tailer)
    socket = FeedSocket.as_asgi(pace=pace, tailer=_tailer)
    return (
        [path("v1/feed", http), path("v1/cases/<uuid:case>/feed", http)],
        [path("v1/feed", socket)],
    )


http_patterns, websocket_patterns = patterns(Pace(clock=_now, random_01=random.random))
