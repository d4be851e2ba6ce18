"""Ways to read a feed in a test: the core in process, and the forms from outside."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

import httpx
from asgiref.sync import sync_to_async

from streaming.following.opening import Request, open_stream
from streaming.following.pace import Pace
from streaming.following.pump import Pump
from streaming.models import FeedSubscription
from streaming.reading.tailer import tailer
from streaming.wire import frames as wire
from streaming.wire.as_json import as_json

__all__ = [
    "PACE",
    "Frame",
    "collected",
    "frames_of",
    "kept",
    "lines",
    "numbers",
    "one_by_one",
    "pump",
    "records",
]


class Reader(Protocol):
    """Whoever has a key or token."""

    @property
    def auth(self) -> dict[str, str]: ...


Frame = dict[str, Any]
PACE = Pace(clock=lambda: datetime.now(UTC), random_01=lambda: 0.5)


async def pump(reader: Reader, *, case: str = "", pace: Pace = PACE, **fields: str) -> Pump:
    """Open a stream of the core."""
    wish = {name.rstrip("_"): value for name, value in fields.items()}
    request = Request(header=reader.auth["Authorization"], fields=wish, case=case)
    following = await sync_to_async(open_stream)(request, now=pace.clock())
    return Pump(following, tailer(), pace)


async def frames_of(reader: Reader, *, case: str = "", pace: Pace = PACE, **fields: str) -> list[Frame]:
    """Read a stream of the core to its end: without another wish, what there is now."""
    if not fields.keys() & {"until", "wait", "limit"} and pace is PACE:
        fields["until"] = "caught_up"
    stream = await pump(reader, case=case, pace=pace, **fields)
    return await collected(stream)


async def collected(stream: Pump) -> list[Frame]:
    """Read an open stream of the core to its end."""
    return [json.loads(as_json(frame)) async for frame in one_by_one(stream)]


async def one_by_one(stream: Pump) -> AsyncGenerator[wire.Frame]:
    """Give the frames of an open stream of the core, each by itself."""
    while frames := await stream.frames():
        for frame in frames:
            yield frame


def lines(address: str, path: str, auth: Mapping[str, str], **fields: str) -> list[Frame]:
    """Read a long response to its end."""
    wish = {name.rstrip("_"): value for name, value in fields.items()}
    answer = httpx.get(f"http://{address}{path}", params=wish, headers=dict(auth), timeout=10)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def kept(subscription: str, number: int) -> None:
    """Wait until the feed has stored that a subscription stands at a number, in all its parts."""
    end_s = time.monotonic() + 10
    while {int(c[9:]) for c in FeedSubscription.objects.get(name=subscription).cursors} != {number}:
        assert time.monotonic() < end_s, f"{subscription} does not come to {number}"
        time.sleep(0.02)


def records(frames: list[Frame]) -> list[Frame]:
    """Keep the records."""
    return [frame for frame in frames if frame["frame"] == "record"]


def numbers(frames: list[Frame]) -> list[int]:
    """Give the numbers of the records."""
    return [frame["number"] for frame in records(frames)]
