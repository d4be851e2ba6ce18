"""No client shows its key to anybody but the server it means, nor in clear to the network."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.conftest import Follower
from tests.clients.feed import Feed, FeedServer
from tests.clients.proxy import cutting
from tests.clients.scripted import Answer, playing

pytestmark = pytest.mark.slow

Authority = tuple[Path, dict[str, dict[str, object]]]
# What other programs take as a wish not to look at certificates.
CARELESS = {"NODE_TLS_REJECT_UNAUTHORIZED": "0", "PYTHONHTTPSVERIFY": "0"}


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1@0.0.0.0", "localhost.example"])
def test_http_off_the_loopback_is_refused_before_anything_is_sent(
    follow: Follower, server: FeedServer, host: str
) -> None:
    # Linux leads 0.0.0.0 to this machine: a client that did not refuse would really be served.
    before = server.seen("plain")["requests"]

    done = follow(f"http://{host}:{server.ports['plain']}", "--until", "caught_up", key="secret").done(20)

    assert (done.code, done.lines) == (2, [])
    assert "https" in done.said
    assert "secret" not in done.said
    assert server.seen("plain")["requests"] == before


@pytest.mark.parametrize(
    ("listener", "trusted"),
    [("tls", False), ("self_signed", True), ("expired", True), ("wrong_host", True)],
)
def test_a_certificate_that_is_not_right_ends_it_before_the_key_is_shown(
    follow: Follower, server: FeedServer, authority: Authority, listener: str, trusted: bool
) -> None:
    ca = ("--ca", str(authority[0])) if trusted else ()
    url = f"https://127.0.0.1:{server.ports[listener]}"
    before = server.seen(listener)

    done = follow(url, "--until", "caught_up", *ca, key="secret", **CARELESS).done(20)

    assert (done.code, done.lines) == (2, [])
    assert "certificate" in done.said.lower()
    assert server.seen(listener) == before


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_private_authority_is_believed_when_it_is_named(
    follow: Follower, many: Feed, authority: Authority, lines: list[str], host: str
) -> None:
    with cutting(many.server.ports["tls"], cut_after=(8_000, 60_000)) as proxy:
        url = f"https://{host}:{proxy.port}"
        asked = ("--from", "1", "--limit", "600", "--ca", str(authority[0]))
        done = follow(url, *asked, key=many.key).done()

    assert proxy.cuts >= 2
    assert (done.code, done.lines) == (0, lines[:600])


def test_a_redirect_is_not_followed(follow: Follower) -> None:
    with playing(Answer(b"")) as elsewhere:
        moved = f"HTTP/1.1 307 Moved\r\nLocation: {elsewhere.url}/v1/feed\r\nContent-Length: 0\r\n\r\n"
        with playing(Answer(moved.encode())) as stage:
            done = follow(stage.url, key="secret").done(20)

        assert (done.code, len(stage.asked), elsewhere.asked) == (4, 1, [])


def test_a_key_for_the_loopback_goes_past_every_proxy_of_the_environment(
    follow: Follower, many: Feed
) -> None:
    with playing(Answer(b"")) as stage:
        proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"), stage.url)
        done = follow(many.server.url(), "--from", "1", "--limit", "1", key=many.key, **proxies).done(20)

        assert (done.code, stage.asked) == (0, [])
