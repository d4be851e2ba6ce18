"""The feed through a real nginx: ours passes each line on at once, a careless one does no lasting harm."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from config.environment import ROOT
from config.ports import free_port
from deploy.certificates import certificates_in
from streaming.following.pace import Pace
from tests.servers.nginx import needs_nginx, running_nginx
from tests.streaming import told
from tests.streaming.behind import Proxy, next_numbers
from tests.streaming.conftest import QUICK, Client, House
from tests.streaming.readers import Frame, numbers

pytestmark = [
    pytest.mark.slow,
    needs_nginx,
    pytest.mark.django_db(transaction=True, databases=["default", "keys", "feed"]),
]
_SOON_S = 2.0
_CUT_S = 3
# What stands in front of many products: it buffers and compresses, and has no thought of long responses.
_CARELESS = """
    gzip on; gzip_types *; gzip_proxied any; gzip_min_length 0;
    server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://{address}; {more} }} }}
"""


@pytest.fixture
def client(house: House) -> Client:
    made = house.client()
    made.many(3)
    house.write()
    return made


@pytest.fixture
def ours(address: str, tmp_path: Path) -> Iterator[Proxy]:
    """The configuration that we give away, its places changed and nothing else."""
    port, files = free_port(), certificates_in(tmp_path, now=datetime.now(UTC))
    text = (ROOT / "deploy" / "proxy" / "nginx.conf").read_text()
    for theirs, here in (
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ("127.0.0.1:8000", address),
        ("/etc/nginx/vouch/server.pem", str(files.certificate)),
        ("/etc/nginx/vouch/server.key", str(files.key)),
    ):
        assert theirs in text
        text = text.replace(theirs, here)
    with running_nginx(tmp_path / "nginx", text, port):
        yield Proxy(f"127.0.0.1:{port}", ssl.create_default_context(cafile=files.authority))


@pytest.fixture
def careless(tmp_path: Path) -> Iterator[Callable[..., Proxy]]:
    """Proxies as others write them, with one line more."""
    with ExitStack() as stack:

        def make(address: str, more: str = "") -> Proxy:
            port = free_port()
            text = _CARELESS.format(port=port, address=address, more=more)
            stack.enter_context(running_nginx(tmp_path / str(port), text, port))
            return Proxy(f"127.0.0.1:{port}")

        yield make


def _three_more(client: Client) -> float:
    """Have three records written; gives the moment when they were there."""
    client.case(told.received())
    client.house.write()
    return time.monotonic()


def _comes_at_once(frames: Iterator[Frame], client: Client) -> None:
    assert next(frames)["frame"] == "welcome"
    for first in (4, 7):
        written_s = _three_more(client)
        assert next_numbers(frames) == [first, first + 1, first + 2]
        assert time.monotonic() - written_s < _SOON_S


def test_through_our_configuration_each_line_comes_at_once(ours: Proxy, client: Client) -> None:
    with ours.response(client) as frames:
        _comes_at_once(frames, client)


def test_through_our_configuration_each_event_comes_at_once(ours: Proxy, client: Client) -> None:
    with ours.response(client, Accept="text/event-stream") as frames:
        _comes_at_once(frames, client)


def test_through_our_configuration_a_socket_passes(ours: Proxy, client: Client) -> None:
    with ours.socket(client) as frames:
        _comes_at_once(frames, client)


def test_a_proxy_that_buffers_heeds_our_header(
    careless: Callable[..., Proxy], address: str, client: Client
) -> None:
    with careless(address).response(client) as frames:
        _comes_at_once(frames, client)


def test_a_proxy_that_heeds_no_header_holds_lines_back(
    careless: Callable[..., Proxy], address: str, client: Client
) -> None:
    """Without this the test above would show nothing."""
    deaf = careless(address, "proxy_ignore_headers X-Accel-Buffering;")

    with pytest.raises(httpx.ReadTimeout), deaf.response(client, timeout_s=_SOON_S) as frames:
        _comes_at_once(frames, client)


def test_heartbeats_keep_a_line_open_beyond_a_proxys_patience(
    careless: Callable[..., Proxy], address: str, client: Client
) -> None:
    with careless(address, f"proxy_read_timeout {_CUT_S}s;").response(client) as frames:
        began_s = time.monotonic()
        while time.monotonic() < began_s + _CUT_S * 1.5:
            assert next(frames)["frame"] in {"welcome", "heartbeat"}
        _three_more(client)
        assert next_numbers(frames) == [4, 5, 6]


def test_a_reader_whom_a_proxy_cuts_comes_back_without_a_hole(
    careless: Callable[..., Proxy], serve: Callable[[Pace], str], client: Client
) -> None:
    silent = serve(replace(QUICK, heartbeat_s=15))
    proxy = careless(silent, f"proxy_read_timeout {_CUT_S}s;")
    got: list[Frame] = []
    for _ in range(2):
        place = f"after={got[-1]['cursor']}" if got else "from=1"
        with pytest.raises(httpx.RemoteProtocolError), proxy.response(client, place) as frames:
            got.extend(frame for frame in frames if frame["frame"] == "record")
        _three_more(client)

    with proxy.response(client, f"after={got[-1]['cursor']}") as frames:
        assert numbers(got) + next_numbers(frames) == list(range(1, 10))
