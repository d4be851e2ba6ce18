"""One origin for a page and the feed: files are given by it, everything below /v1/ goes on to the feed."""

from __future__ import annotations

import re
import select
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["Origin", "one_origin"]

_TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript"}


class Origin:
    """Listens on 127.0.0.1; `port` may be changed while it runs: the next request goes there.

    `files` are the pages by their path; a request below /v1/ is carried byte by byte, and when the feed's
    side breaks off, so does the caller's. `targets` holds the targets of the feed's requests.
    """

    def __init__(self, files: Mapping[str, Path | str], port: int) -> None:
        self._files = files
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._socket.settimeout(0.1)
        self._closing = threading.Event()
        self.port = port
        self.targets: list[str] = []

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def run(self) -> None:
        """Take connections until closed."""
        while not self._closing.is_set():
            with suppress(OSError):
                caller, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(caller,), daemon=True).start()

    def close(self) -> None:
        """Take no more."""
        self._closing.set()
        self._socket.close()

    def _serve(self, caller: socket.socket) -> None:
        with caller, suppress(OSError):
            request = self._head(caller)
            if not request:
                return
            target = request.split(b" ")[1].decode("ascii")
            if target.startswith("/v1/"):
                self.targets.append(target)
                self._carry(caller, request)
            else:
                caller.sendall(self._file(target))

    def _head(self, caller: socket.socket) -> bytes:
        caller.settimeout(5)
        data = b""
        while b"\r\n\r\n" not in data:
            more = caller.recv(4096)
            if not more:
                return b""
            data += more
        return data

    def _file(self, target: str) -> bytes:
        found = self._files.get(target)
        if found is None:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        kind = _TYPES[Path(target).suffix or ".html"]
        body = found.encode() if isinstance(found, str) else found.read_bytes()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        return f"{head}Connection: close\r\n\r\n".encode() + body

    def _carry(self, caller: socket.socket, request: bytes) -> None:
        # One request a connection: the next one may be for a file.
        request = re.sub(rb"\r\nConnection: [^\r]*", b"\r\nConnection: close", request, flags=re.IGNORECASE)
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as feed:
            feed.sendall(request)
            while not self._closing.is_set():
                ready = select.select([caller, feed], [], [], 0.1)[0]
                if caller in ready and not caller.recv(4096):
                    return
                if feed in ready:
                    data = feed.recv(16_384)
                    if not data:
                        return
                    caller.sendall(data)


@contextmanager
def one_origin(files: Mapping[str, Path | str], port: int) -> Iterator[Origin]:
    """Serve files, by their path, and the feed of a port together."""
    origin = Origin(files, port)
    thread = threading.Thread(target=origin.run, daemon=True)
    thread.start()
    try:
        yield origin
    finally:
        origin.close()
        thread.join(5)
