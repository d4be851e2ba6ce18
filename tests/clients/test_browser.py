"""A page in a real browser follows the real feed by the TypeScript client, and comes back by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import MANY
from tests.clients.feed import Feed, FeedServer
from tests.clients.origin import Origin, one_origin
from tests.clients.proxy import Proxy, cutting
from tests.journeys.browser import Page, chromium, open_page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.skipif(chromium() is None, reason="needs Debian's chromium"),
]

PAGE = """<!doctype html><meta charset="utf-8"><title>Results</title><body>
<script type="module">
import { FeedError, Follower, slot } from "/dist/index.js";
window.slot = slot;
window.begin = (credential, wish) => {
  const said = { lines: [], troubles: [], ended: null };
  const stop = new AbortController();
  const follower = new Follower({
    base: "/", credential, longestWait: 0.05, signal: stop.signal, ...wish,
    onTrouble: (reason) => said.troubles.push(reason),
  });
  follower.run((record) => { said.lines.push(record.line); }).then(
    () => { said.ended = "well"; },
    (error) => { said.ended = error instanceof FeedError ? error.code : String(error); },
  );
  window.said = said;
  window.follower = follower;
  window.stop = () => stop.abort();
};
window.ready = true;
</script>"""


@pytest.fixture(scope="module")
def proxy(server: FeedServer) -> Iterator[Proxy]:
    with cutting(server.ports["plain"]) as running:
        yield running


@pytest.fixture(scope="module")
def origin(typescript: Path, proxy: Proxy) -> Iterator[Origin]:
    scripts = {f"/dist/{file.name}": file for file in (typescript / "dist").glob("*.js")}
    with one_origin({"/": PAGE, **scripts}, proxy.port) as running:
        yield running


@pytest.fixture
def page(origin: Origin, proxy: Proxy, tmp_path: Path) -> Iterator[Page]:
    proxy.cut_after = None
    origin.port = proxy.port
    origin.targets.clear()
    with open_page(f"{origin.url}/", tmp_path / "browser") as opened:
        opened.wait("window.ready === true")
        yield opened


def begin(page: Page, key: str, **wish: object) -> None:
    page.value(f"begin({json.dumps(key)}, {json.dumps(wish)})")


def said(page: Page) -> dict[str, Any]:
    return dict(json.loads(str(page.value("JSON.stringify({...said, metrics: follower.metrics})"))))


def test_a_page_follows_the_feed_through_cuts_in_the_middle_of_frames(
    page: Page, proxy: Proxy, many: Feed, lines: list[str]
) -> None:
    proxy.cut_after, before = (5_000, 60_000), proxy.cuts

    begin(page, many.key, **{"from": 75, "until": "caught_up"})
    page.wait("said.ended !== null")

    heard = said(page)
    assert (heard["ended"], heard["lines"]) == ("well", lines[74:])
    assert proxy.cuts - before >= 10
    assert heard["metrics"]["reconnects"] >= 10
    assert heard["metrics"]["repeated"] == heard["metrics"]["holes"] == 0


def test_a_page_hears_a_record_as_it_is_written_also_after_the_server_went_silent(
    page: Page, origin: Origin, proxy: Proxy, server: FeedServer
) -> None:
    feed = server.feed(30)
    with cutting(server.ports["plain"]) as falls_silent:
        origin.port = falls_silent.port
        begin(page, feed.key)
        page.wait("follower.metrics.connected")
        feed.event()
        page.wait("said.lines.length === 3")

        origin.port, falls_silent.silent_after = proxy.port, 0
        page.wait("said.troubles.length > 0")
        feed.event()
        page.wait("said.lines.length === 6")

    numbers = [json.loads(line)["number"] for line in said(page)["lines"]]
    assert numbers == [31, 32, 33, 34, 35, 36]
    assert "nothing was heard" in said(page)["troubles"][0]
    assert origin.targets[-1].endswith(f"after={feed.epoch}-33")


def test_a_page_ends_well_when_it_is_told_to(page: Page, server: FeedServer, many: Feed) -> None:
    begin(page, many.key)
    page.wait("follower.metrics.connected")

    page.value("stop()")
    page.wait("said.ended !== null")

    assert said(page)["ended"] == "well"
    assert said(page)["metrics"]["connected"] is False


def test_a_page_with_a_wrong_key_is_told_so_once(page: Page, origin: Origin, many: Feed) -> None:
    begin(page, "vouch_live_nobody")
    page.wait("said.ended !== null")

    assert (said(page)["ended"], len(origin.targets)) == ("unauthorised", 1)
    assert many.key


def test_a_page_whose_position_is_away_is_told_what_there_is(page: Page, many: Feed) -> None:
    begin(page, many.key, **{"from": MANY + 2})
    page.wait("said.ended !== null")

    assert said(page)["ended"] == "in_the_future"


def test_a_page_finds_the_slot_of_a_case_as_the_server_does(page: Page) -> None:
    assert page.value("slot('0190f3a0-0000-7000-8000-0000000000e1')") == 0xA6
