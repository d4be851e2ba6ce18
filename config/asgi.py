"""The public application: the feed by Channels, everything else by Django."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import re_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from channels.routing import _ExtendedURLPattern
    from django.http.response import HttpResponseBase

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
_django = get_asgi_application()

# These modules name tables: they are imported when Django has them.
from config.edge import App as EdgeApp  # noqa: E402 - see above
from config.edge import Edge  # noqa: E402 - see above
from config.metering import meters_of  # noqa: E402 - see above
from streaming.routing import http_patterns, websocket_patterns  # noqa: E402 - see above
from verification.api.arrival import App, Arrival  # noqa: E402 - see above

__all__ = ["application", "meters"]

# Channels calls an address's end as an ASGI application, though Django's types speak of views.
_rest = cast("_ExtendedURLPattern", re_path(r"", cast("Callable[..., HttpResponseBase]", _django)))
_routed = ProtocolTypeRouter(
    {"http": URLRouter([*http_patterns, _rest]), "websocket": URLRouter(websocket_patterns)}
)
meters = meters_of("web")
# Outside Django: Arrival sees an upload's first byte, which Django learns of only when the last one has come,
# and the edge times from there.
application = Edge(cast("EdgeApp", Arrival(cast("App", _routed))), meters)
