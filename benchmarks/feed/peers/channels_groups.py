"""Channels as its documentation shows it: a group a feed, one `group_send` a record, the Redis layer.

`python -m benchmarks.feed.peers.channels_groups serve PORT`, and `… relay TOLD_PORT` in a process of its own;
Redis is $PEER_REDIS_URL. The layer is left as it comes.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

import uvicorn
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from channels.routing import URLRouter
from django.conf import settings
from django.urls import re_path

from benchmarks.feed.peers.lines import hear

if TYPE_CHECKING:
    from channels.routing import _ExtendedURLPattern
    from django.http.response import HttpResponseBase

__all__ = ["Reader", "main"]

_PLACE: Final = r"^feed/(?P<place>[0-9]+)$"
_LAYER: Final = "channels_redis.core.RedisChannelLayer"


class Reader(AsyncWebsocketConsumer):
    """One reader of one feed."""

    async def connect(self) -> None:
        """Join the feed's group."""
        self._group = f"feed.{self.scope['url_route']['kwargs']['place']}"
        await self.channel_layer.group_add(self._group, self.channel_name)
        await self.accept()

    async def disconnect(self, _code: int) -> None:
        """Leave it."""
        await self.channel_layer.group_discard(self._group, self.channel_name)

    async def record(self, message: dict[str, Any]) -> None:
        """Send a record on."""
        await self.send(text_data=message["frame"])


async def _relay(port: int) -> None:
    layer = get_channel_layer()

    async def tell(place: int, frame: str) -> None:
        if layer is not None:
            await layer.group_send(f"feed.{place}", {"type": "record", "frame": frame})

    async with await hear(port, tell) as server:
        await server.serve_forever()


def main() -> None:
    """Serve, or relay, until killed."""
    layer = {"BACKEND": _LAYER, "CONFIG": {"hosts": [os.environ["PEER_REDIS_URL"]]}}
    settings.configure(CHANNEL_LAYERS={"default": layer})
    role, port = sys.argv[1], int(sys.argv[2])
    if role == "relay":
        asyncio.run(_relay(port))
        return
    # Channels calls an address's end as an ASGI application, though Django's types speak of views.
    reader = cast(
        "_ExtendedURLPattern", re_path(_PLACE, cast("Callable[..., HttpResponseBase]", Reader.as_asgi()))
    )
    uvicorn.run(
        URLRouter([reader]),
        host="127.0.0.1",
        port=port,
        log_level="warning",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="off",
    )


if __name__ == "__main__":
    main()
