"""A TCP proxy that cuts connections in the middle of a frame, or goes silent."""

from __future__ import annotations

import random
import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["Proxy", "cutting"]

_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """Carries bytes to a port of 127.0.0.1; settings may change while it runs.

    `cut_after` = (least, most) bytes from the server, then the connection is cut, every second time by a
    reset; None: never. `cuts` counts. `silent_after`: bytes from the server after which nothing comes any
    more and the connection stays open; None: never. `silences` and `connections` count.
    """

    def __init__(self, port: int, seed: int) -> None:
        self._target = ("127.0.0.1", port)
        self._chance = random.Random(seed)
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self.cut_after: tuple[int, int] | None = None
        self.silent_after: int | None = None
        self.cuts = self.silences = self.connections = 0

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        return int(self._socket.getsockname()[1])

    @property
    def url(self) -> str:
        """Its address in clear."""
        return f"http://127.0.0.1:{self.port}"

    def run(self) -> None:
        """Take connections until closed."""
        while not self._closing.is_set():
            with suppress(OSError):
                if not select.select([self._socket], [], [], 0.1)[0]:
                    continue
                caller, _ = self._socket.accept()
                self.connections += 1
                thread = threading.Thread(target=self._carry, args=(caller,), daemon=True)
                self._threads = [each for each in self._threads if each.is_alive()] + [thread]
                thread.start()

    def close(self) -> None:
        """Take no more, and let go of those that are open."""
        self._closing.set()
        self._socket.close()
        for thread in self._threads:
            thread.join(5)

    def _carry(self, caller: socket.socket) -> None:
        limit = self._chance.randint(*self.cut_after) if self.cut_after else None
        with caller, suppress(OSError), socket.create_connection(self._target, timeout=5) as server:
            sent = 0
            while not self._closing.is_set():
                ready = select.select([caller, server], [], [], 0.1)[0]
                if caller in ready and not _passed(caller, server):
                    return
                if server in ready:
                    data = server.recv(16_384)
                    if not data or not self._hand_on(caller, data, sent, limit):
                        return
                    sent += len(data)

    def _hand_on(self, caller: socket.socket, data: bytes, sent: int, limit: int | None) -> bool:
        """Hand bytes of the server on; False: the connection is over."""
        if self.silent_after is not None and sent + len(data) > self.silent_after:
            caller.sendall(data[: max(0, self.silent_after - sent)])
            self._hold(caller)
            return False
        if limit is not None and sent + len(data) >= limit:
            caller.sendall(data[: limit - sent])
            self._cut(caller)
            return False
        caller.sendall(data)
        return True

    def _hold(self, caller: socket.socket) -> None:
        """Say nothing more until the caller goes."""
        self.silences += 1
        while not self._closing.is_set():
            if select.select([caller], [], [], 0.1)[0] and not caller.recv(4096):
                return

    def _cut(self, caller: socket.socket) -> None:
        self.cuts += 1
        if self.cuts % 2:
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


def _passed(source: socket.socket, target: socket.socket) -> bool:
    data = source.recv(16_384)
    if data:
        target.sendall(data)
    return bool(data)


@contextmanager
def cutting(port: int, *, seed: int = 75, cut_after: tuple[int, int] | None = None) -> Iterator[Proxy]:
    """Run a proxy in front of a port."""
    proxy = Proxy(port, seed)
    proxy.cut_after = cut_after
    thread = threading.Thread(target=proxy.run, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join(5)
