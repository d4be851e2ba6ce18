"""The public application: the feed by Channels, everything else by Django."""

from __future__ import annotations

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import re_path

__all__ = ["application"]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
_django = get_asgi_application()

# Channels' addresses name views that need Django's tables: they are imported when those are there.
from streaming.routing import http_patterns, websocket_patterns  # noqa: E402 - see above

application = ProtocolTypeRouter(
    {
        "http": URLRouter([*http_patterns, re_path("", _django)]),
        "websocket": URLRouter(websocket_patterns),
    }
)
