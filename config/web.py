"""The web process: the public application on 127.0.0.1:$PORT, and the journal door on a port of its own."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from django.conf import settings as installation

from config.asgi import application, meters
from config.environment import environment
from config.heads import PatientHttp, PatientLoop
from config.metering import watch_journal_and_feeds
from events.door import app as door
from streaming.deliveries.log import deliveries
from streaming.reading import tailer
from verification import inspection

__all__ = ["clear_uploads", "main"]

_GRACE_S = 3
_REST_S = 300


class _Server(uvicorn.Server):
    """A server among others in one process: signals are taken once, for all of them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def _server(app: object, port: int, *, certificate: str = "", key: str = "") -> _Server:
    return _Server(
        uvicorn.Config(
            app,  # type: ignore[arg-type]  # uvicorn's own type for an application is narrower than ASGI
            host="127.0.0.1",
            port=port,
            log_level="warning",
            http=PatientHttp,
            ws="websockets-sansio",
            ws_max_size=64 * 1024,
            ws_per_message_deflate=False,
            # A reader that rests for some minutes answers no ping meanwhile, and is not gone.
            ws_ping_timeout=_REST_S,
            timeout_graceful_shutdown=_GRACE_S,
            lifespan="off",
            ssl_certfile=certificate or None,
            ssl_keyfile=key or None,
        )
    )


def clear_uploads(folder: Path) -> None:
    """Remove what a killed process left of uploads: they lie there in clear while they are judged.

    Only the one process that takes uploads may do it, and before it takes any.
    """
    for left in folder.iterdir():
        left.unlink()


async def _serve() -> None:
    settings = environment()
    clear_uploads(Path(installation.FILE_UPLOAD_TEMP_DIR))
    inspection.warm_up()
    public = _server(application, settings.port, certificate=settings.tls_certificate, key=settings.tls_key)
    servers = [public, _server(door, settings.door_port)]

    def stop() -> None:
        # Open streams are told first: each says goodbye, and none holds the end up.
        tailer.leave()
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop)
    watch_journal_and_feeds(meters)
    deliveries().start()
    with meters:
        await asyncio.gather(*(server.serve() for server in servers))
    await asyncio.to_thread(deliveries().finish)


def _look_for_garbage_less() -> None:
    """Have the collector leave what was loaded alone, and look at the rest by the ten thousands.

    With a thousand streams open each look at everything stops all of them for a fifth of a second, and by its
    own measure the collector does so every few seconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def main() -> None:
    """Serve until SIGTERM."""
    _look_for_garbage_less()
    with asyncio.Runner(loop_factory=PatientLoop) as runner:
        runner.run(_serve())


if __name__ == "__main__":
    main()
