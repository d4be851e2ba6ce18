"""A feed as it is read through a proxy."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.streaming.conftest import Client
from tests.streaming.readers import Frame

__all__ = ["Proxy", "next_numbers"]


@dataclass(frozen=True)
class Proxy:
    """A proxy before a feed: its address, and whom its callers trust."""

    address: str
    trusting: ssl.SSLContext | bool = False

    @contextmanager
    def response(
        self, client: Client, query: str = "", *, timeout_s: float = 10, **headers: str
    ) -> Iterator[Iterator[Frame]]:
        url = f"{'https' if self.trusting else 'http'}://{self.address}/v1/feed?{query}"
        said = {**client.auth, **headers}
        with httpx.stream("GET", url, headers=said, verify=self.trusting, timeout=timeout_s) as answer:
            assert answer.status_code == 200
            yield _frames(answer.iter_lines())

    @contextmanager
    def socket(self, client: Client) -> Iterator[Iterator[Frame]]:
        speaks = [Subprotocol("vouch.feed.v1+json")]
        trusting = self.trusting if isinstance(self.trusting, ssl.SSLContext) else None
        url = f"{'wss' if trusting else 'ws'}://{self.address}/v1/feed"
        with connect(url, ssl=trusting, additional_headers=client.auth, subprotocols=speaks) as opened:
            yield _frames(str(message) for message in opened)


def _frames(lines: Iterator[str]) -> Iterator[Frame]:
    """Read lines of JSON, and of events the data."""
    for line in lines:
        if line.startswith(("{", "data: ")):
            yield json.loads(line.removeprefix("data: "))


def next_numbers(frames: Iterator[Frame], count: int = 3) -> list[int]:
    """Give the numbers of the next records; other frames between them are passed over."""
    said = (frame for frame in frames if frame["frame"] == "record")
    return [next(said)["number"] for _ in range(count)]
