"""Heads that come late, in drops or without end: their connections are closed, and no others."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from deploy.certificates import certificates_in
from tests.config.hurried import SLACK_S, WITHIN_S, served

HANDSHAKE = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with served() as port:
        yield port


@contextmanager
def _connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=WITHIN_S + SLACK_S) as line:
        yield line


def _rest(line: socket.socket) -> tuple[bytes, float]:
    """Read until the other side closes; gives what came, and after how many seconds it closed."""
    began_s, said = time.monotonic(), b""
    try:
        while piece := line.recv(65_536):
            said += piece
    except ConnectionResetError:
        pass
    return said, time.monotonic() - began_s


@pytest.mark.parametrize(
    ("start", "answer"), [(b"", b""), (b"GET / HT", b"408"), (b"\r\n\r\n", b"408"), (HANDSHAKE, b"408")]
)
def test_a_head_that_is_not_finished_in_time_is_given_up(port: int, start: bytes, answer: bytes) -> None:
    with _connected(port) as line:
        line.sendall(start)
        said, after_s = _rest(line)

    assert said[9:12] == answer
    assert after_s > WITHIN_S / 2


def _dribble(line: socket.socket, for_s: float) -> None:
    """Send a head in drops, for as long as somebody takes them."""
    end_s = time.monotonic() + for_s
    for drop in b"GET / HTTP/1.1\r\nX: " + b"y" * 1000:
        if time.monotonic() > end_s:
            return
        line.sendall(bytes([drop]))
        time.sleep(WITHIN_S / 10)


def test_drops_that_keep_coming_do_not_put_the_end_off(port: int) -> None:
    with _connected(port) as line, pytest.raises(OSError, match=r"reset|pipe"):
        _dribble(line, WITHIN_S + SLACK_S)


def test_a_second_head_on_the_same_connection_has_no_longer(port: int) -> None:
    for second in (b"GET /aga", b"\r\n"):
        with _connected(port) as line:
            line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert line.recv(1000)[9:12] == b"204"
            line.sendall(second)
            assert _rest(line)[0][9:12] == b"408"


def test_a_connection_that_waits_between_requests_is_left_to_its_own_time(port: int) -> None:
    with httpx.Client() as client:
        for _ in range(3):
            assert client.get(f"http://127.0.0.1:{port}/").status_code == 204
            time.sleep(WITHIN_S * 1.5)


def test_a_body_may_take_its_time(port: int) -> None:
    with _connected(port) as line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n")
        for _ in range(2):
            time.sleep(WITHIN_S * 1.5)
            line.sendall(b"x")
        assert _rest(line)[0][9:12] == b"204"


def test_an_open_socket_is_not_closed_for_its_handshake(port: int) -> None:
    key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    with _connected(port) as line:
        line.sendall(HANDSHAKE + key)
        assert b" 101 " in line.recv(1000)
        line.settimeout(WITHIN_S * 2)
        with pytest.raises(TimeoutError):
            line.recv(1)


def test_a_head_without_end_is_cut_at_its_size(port: int) -> None:
    with _connected(port) as line:
        line.sendall(b"GET / HTTP/1.1\r\nX: " + b"y" * (64 * 1024))
        said, after_s = _rest(line)

    assert said[9:12] == b"431"
    assert after_s < WITHIN_S + SLACK_S


def test_a_tls_handshake_that_never_comes_is_given_up_too(tmp_path: Path) -> None:
    files = certificates_in(tmp_path, now=datetime.now(UTC))

    with served(str(files.certificate), str(files.key)) as port, _connected(port) as line:
        line.sendall(b"\x16\x03")
        _rest(line)  # raises when the time of the test's own socket is over first
        trusting = ssl.create_default_context(cafile=files.authority)
        assert httpx.get(f"https://127.0.0.1:{port}/", verify=trusting).status_code == 204
