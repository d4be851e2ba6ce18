"""Hundreds of connections that never finish their request: closed in time, and paid for by nobody else."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.servers.web import WebAlone

pytestmark = [pytest.mark.slow]
_DRIBBLERS = 300
# The server gives ten seconds; the rest is for a machine with much to do.
_GONE_WITHIN_S = 25.0
_REQUEST = b"GET /v1/feed HTTP/1.1\r\nHost: x\r\n"
_HANDSHAKE = _REQUEST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
_ENDLESS = b"X: " + b"y" * 10_000


class _Dribblers(threading.Thread):
    """Connections that send their heads in drops: a third of them a WebSocket's, a third of them nothing."""

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self._host, _, self._port = address.partition(":")
        self._open: dict[socket.socket, Iterator[int]] = {}
        self.began_s = time.monotonic()
        self.lived_s: list[float] = []

    @property
    def left(self) -> int:
        return len(self._open)

    def connect(self, stack: ExitStack) -> None:
        for n in range(_DRIBBLERS):
            line = stack.enter_context(socket.create_connection((self._host, int(self._port)), timeout=10))
            line.setblocking(False)
            self._open[line] = iter((_REQUEST + _ENDLESS, _HANDSHAKE + _ENDLESS, b"")[n % 3])
        self.start()

    def run(self) -> None:
        while self._open and time.monotonic() < self.began_s + _GONE_WITHIN_S:
            self._take_leave(select.select(list(self._open), [], [], 0.2)[0])
            for line, drops in list(self._open.items()):
                self._drop(line, drops)

    def _take_leave(self, readable: list[socket.socket]) -> None:
        for line in readable:
            try:
                gone = not line.recv(1000)
            except OSError:
                gone = True
            if gone:
                del self._open[line]
                self.lived_s.append(time.monotonic() - self.began_s)

    def _drop(self, line: socket.socket, drops: Iterator[int]) -> None:
        try:
            line.send(bytes([next(drops)]))
        except (OSError, StopIteration):
            return  # it was closed, which is seen when it is read


def test_others_are_served_while_hundreds_dribble_and_the_dribblers_are_closed(web_alone: WebAlone) -> None:
    asked_s: list[float] = []
    before_mb = web_alone.rss_mb
    with ExitStack() as stack, httpx.Client(base_url=f"http://{web_alone.address}", timeout=10) as client:
        dribblers = _Dribblers(web_alone.address)
        dribblers.connect(stack)

        most_mb = before_mb
        while dribblers.is_alive():
            began_s = time.monotonic()
            assert client.get("/healthz").status_code == 200
            asked_s.append(time.monotonic() - began_s)
            most_mb = max(most_mb, web_alone.rss_mb)
            time.sleep(0.1)
        dribblers.join()

    assert dribblers.left == 0
    assert min(dribblers.lived_s) > 5
    assert sorted(asked_s)[len(asked_s) // 2] < 1
    assert most_mb - before_mb < 12
