"""Readers that stop with 100,000 records waiting: each holds a batch and no more, and nobody else waits."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.servers.web import WebAlone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
_WAITING = 100_000
_OF_EACH = 3
_MOST_MB = 3.0
_PROMPT_S = 3.0
_START = '{"frame":"record","number":'

Lines = Iterator[str]


@pytest.fixture(scope="module")
def filled(web_alone: WebAlone) -> WebAlone:
    """A feed with much in it, of which one reader has read some already: what that costs is paid."""
    last = web_alone.tell(_WAITING)
    assert last >= _WAITING
    with ExitStack() as stack:
        for opened in _FORMS.values():
            first = opened(web_alone, stack, f"from=1&limit={_WAITING // 10}")
            assert len(list(_numbers(first, _WAITING // 10))) == _WAITING // 10
    return web_alone


def _response(web: WebAlone, stack: ExitStack, query: str = "from=1") -> Lines:
    address = f"http://{web.address}/v1/feed?{query}"
    answer = stack.enter_context(httpx.stream("GET", address, headers=web.auth, timeout=60))
    return answer.iter_lines()


def _socket(web: WebAlone, stack: ExitStack, query: str) -> ClientConnection:
    kind = [Subprotocol("vouch.feed.v1+json")]
    address = f"ws://{web.address}/v1/feed?{query}"
    # A client that does not read hears no pong either, and need not wait for its goodbye.
    opened = connect(
        address, additional_headers=web.auth, subprotocols=kind, ping_interval=None, close_timeout=0.1
    )
    return stack.enter_context(opened)


def _generous(web: WebAlone, stack: ExitStack, query: str = "from=1") -> Lines:
    """A socket with credit for all that waits: only its own slowness holds it back."""
    socket = _socket(web, stack, query)
    yield str(socket.recv(timeout=30))
    socket.send(json.dumps({"frame": "credit", "n": 2 * _WAITING}))
    while True:
        yield str(socket.recv(timeout=30))


def _sparing(web: WebAlone, stack: ExitStack, query: str = "from=1") -> Lines:
    """A socket that gives credit as it reads, a thousand at a time."""
    socket = _socket(web, stack, query)
    yield str(socket.recv(timeout=30))
    while True:
        for _ in range(1_000):
            yield str(socket.recv(timeout=30))
        socket.send('{"frame": "credit", "n": 1000}')


_FORMS: dict[str, Callable[[WebAlone, ExitStack, str], Lines]] = {
    "response": _response,
    "socket with credit for all": _generous,
    "socket with little credit": _sparing,
}


def _numbers(lines: Lines, count: int) -> Iterator[int]:
    """Give the numbers of so many records."""
    while count:
        line = next(lines)
        if line.startswith(_START):
            yield int(line[len(_START) :].partition(",")[0])
            count -= 1


def _late_s(web: WebAlone, times: int) -> list[float]:
    """Write records one by one; how long each takes to an open reader, seconds."""
    late: list[float] = []
    with ExitStack() as stack:
        lines = _response(web, stack, "from=latest")
        assert '"welcome"' in next(lines)
        for _ in range(times):
            told_s, number = time.monotonic(), web.tell(1)
            assert list(_numbers(lines, 1)) == [number]
            late.append(time.monotonic() - told_s)
    return late


def test_a_reader_that_stops_holds_little_and_holds_nobody_up_and_reads_on_without_a_hole(
    filled: WebAlone,
) -> None:
    before_mb = filled.rss_mb
    with ExitStack() as stack:
        readers = [opened(filled, stack, "from=1") for opened in _FORMS.values() for _ in range(_OF_EACH)]
        begun = [list(_numbers(reader, 10)) for reader in readers]
        time.sleep(2)
        late_s = _late_s(filled, 10)

        assert (filled.rss_mb - before_mb) / len(readers) < _MOST_MB
        assert max(late_s) < _PROMPT_S, late_s
        assert begun == [list(range(1, 11))] * len(readers)
        for reader in readers[::_OF_EACH]:
            assert list(_numbers(reader, _WAITING - 10)) == list(range(11, _WAITING + 1))
