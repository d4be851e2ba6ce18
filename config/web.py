"""The web process: the public application on 127.0.0.1:$PORT, and the journal door on a port of its own."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator

import uvicorn

from config.asgi import application
from config.environment import environment
from events.door import app as door
from streaming import tailer
from verification import inspection

__all__ = ["main"]

_GRACE_S = 3


class _Server(uvicorn.Server):
    """A server among others in one process: signals are taken once, for all of them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def _server(app: object, port: int) -> _Server:
    return _Server(
        uvicorn.Config(
            app,  # type: ignore[arg-type]  # uvicorn's own type for an application is narrower than ASGI
            host="127.0.0.1",
            port=port,
            log_level="warning",
            ws="websockets-sansio",
            ws_max_size=64 * 1024,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=_GRACE_S,
            lifespan="off",
        )
    )


async def _serve() -> None:
    settings = environment()
    inspection.warm_up()
    servers = [_server(application, settings.port), _server(door, settings.door_port)]

    def stop() -> None:
        # Open streams are told first: each says goodbye, and none holds the end up.
        tailer.leave()
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop)
    await asyncio.gather(*(server.serve() for server in servers))


def main() -> None:
    """Serve until SIGTERM."""
    asyncio.run(_serve())


if __name__ == "__main__":
    main()
