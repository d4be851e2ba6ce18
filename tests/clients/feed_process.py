"""A feed server in a process of its own: `python -m tests.clients.feed_process FOLDER LISTENERS`.

`LISTENERS` is JSON: name -> `{heartbeat_s, max_age_s, certificate, key}`. Prints one line of JSON with each
listener's port; then obeys commands, a line of JSON each on standard input, and ends with that input.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django
import uvicorn

os.environ["VOUCH_DATA"] = sys.argv[1] if __name__ == "__main__" else os.environ.get("VOUCH_DATA", "var")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope  # noqa: E402 - django first
from channels.routing import URLRouter  # noqa: E402 - django first
from django.conf import settings  # noqa: E402 - django first
from django.core.management import call_command  # noqa: E402 - django first

from streaming.following.pace import Pace  # noqa: E402 - django first
from streaming.routing import patterns  # noqa: E402 - django first
from tests.clients.filling import COMMANDS  # noqa: E402 - django first

__all__ = ["main"]

Answer = dict[str, Any]


class _Listener(uvicorn.Server):
    """The feed on a port and with a pace of its own; counts who comes, shows a credential, and reads."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        pace = Pace(
            clock=lambda: datetime.now(UTC),
            random_01=lambda: 0.0,
            heartbeat_s=options.get("heartbeat_s", 0.4),
            max_age_s=options.get("max_age_s", 3600),
            recheck_s=0.3,
        )
        self._feed = URLRouter(patterns(pace)[0])
        super().__init__(
            uvicorn.Config(
                self._counted,
                interface="asgi3",
                log_level="error",
                lifespan="off",
                timeout_graceful_shutdown=1,
                ssl_certfile=options.get("certificate"),
                ssl_keyfile=options.get("key"),
            )
        )
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.requests = self.credentials = self.open = 0

    async def _counted(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        self.requests += 1
        self.open += 1
        self.credentials += any(name == b"authorization" for name, _ in scope["headers"])
        try:
            await self._feed(scope, receive, send)
        finally:
            self.open -= 1

    def seen(self) -> Answer:
        return {"requests": self.requests, "credentials": self.credentials, "open": self.open}


def _obey(listeners: Mapping[str, _Listener], end: Callable[[], None]) -> None:
    for line in sys.stdin:
        command = json.loads(line)
        name = command.pop("do")
        answer = listeners[command["at"]].seen() if name == "seen" else COMMANDS[name](**command)
        print(json.dumps(answer), flush=True)
    end()


async def _serve(options: Mapping[str, Mapping[str, Any]]) -> None:
    listeners = {name: _Listener(each) for name, each in options.items()}

    def end() -> None:
        for each in listeners.values():
            each.should_exit = each.force_exit = True

    print(json.dumps({name: each.socket.getsockname()[1] for name, each in listeners.items()}), flush=True)
    threading.Thread(target=_obey, args=(listeners, end), daemon=True).start()
    await asyncio.gather(*(each.serve([each.socket]) for each in listeners.values()))


def main() -> None:
    """Make the tables and serve until standard input ends."""
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    for alias in settings.DATABASES:
        call_command("migrate", database=alias, verbosity=0, interactive=False)
    asyncio.run(_serve(json.loads(sys.argv[2])))


if __name__ == "__main__":
    main()
