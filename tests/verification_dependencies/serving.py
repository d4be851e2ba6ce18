"""A register that answers whatever bytes a test wants, over a real socket."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Thread

__all__ = ["answering"]


@contextmanager
def answering(
    parts: Sequence[bytes], *, pause_s: float = 0.0, heard: list[bytes] | None = None
) -> Iterator[str]:
    """Answer every connection with these bytes, pausing before each part, and give the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=_serve, args=(listener, parts, pause_s, heard if heard is not None else []))
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _serve(listener: socket.socket, parts: Sequence[bytes], pause_s: float, heard: list[bytes]) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                heard.append(_question(connection))
                _answer(connection, parts, pause_s)


def _question(connection: socket.socket) -> bytes:
    """Read head and body, which may come in parts."""
    heard = b""
    while not heard.endswith(b"}") and (part := connection.recv(65_536)):
        heard += part
    return heard


def _answer(connection: socket.socket, parts: Sequence[bytes], pause_s: float) -> None:
    for part in parts:
        time.sleep(pause_s)
        connection.sendall(part)
