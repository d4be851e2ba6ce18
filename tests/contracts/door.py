"""The journal door, served by uvicorn in a thread."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from events.door import app
from events.door.services import issue_service_keys

__all__ = ["Door", "serve"]


@dataclass(frozen=True, slots=True)
class Door:
    """Where it listens, and the key of the service `decisions`."""

    url: str
    key: str


@contextmanager
def serve(port: int = 0, *, key: str = "") -> Iterator[Door]:
    """Serve the door on a loopback port until the block ends; `key`: one issued before."""
    key = key or issue_service_keys(["decisions"])["decisions"]
    listener = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(app, lifespan="off", log_level="error", timeout_graceful_shutdown=0)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield Door(f"http://127.0.0.1:{listener.getsockname()[1]}", key)
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()
