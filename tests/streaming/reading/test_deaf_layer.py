"""A doorbell that never rings: records come a moment later, and every one of them.

On SQLite nobody listens for it; `tests/test_on_postgres.py` runs this where the watch does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from itertools import count

import pytest
from asgiref.sync import sync_to_async

from streaming.reading.watching import FileWatch, RungWatch, watch_of
from streaming.wire.frames import Record
from tests.sequencing import on_postgres
from tests.streaming import told
from tests.streaming.conftest import Client, House
from tests.streaming.readers import one_by_one, pump

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keys", "feed"])
_LATE_S = 1.0
_CASES = 15


class DeafLayer:
    """A channel layer that takes every message and gives none to anybody."""

    def __init__(self) -> None:
        self._names = count()

    async def new_channel(self) -> str:
        return f"mailbox.{next(self._names)}"

    async def group_add(self, group: str, channel: str) -> None:
        pass

    async def group_send(self, group: str, message: Mapping[str, object]) -> None:
        pass

    async def receive(self, channel: str) -> Mapping[str, object]:
        never: asyncio.Future[Mapping[str, object]] = asyncio.get_running_loop().create_future()
        return await never

    async def flush(self) -> None:
        pass


@pytest.fixture(autouse=True)
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streaming.reading.watching.doorbell", DeafLayer)


async def _heard(client: Client, moments: dict[int, float]) -> None:
    """Follow until all cases are heard of, and note when each record came."""
    stream = await pump(client, from_="1", limit=str(3 * _CASES))
    async for frame in one_by_one(stream):
        if isinstance(frame, Record):
            moments[frame.number] = time.monotonic()


async def test_with_a_layer_that_drops_everything_each_record_comes_within_a_second(house: House) -> None:
    assert isinstance(watch_of("feed"), RungWatch if on_postgres() else FileWatch)
    client = await sync_to_async(house.client)()
    came: dict[int, float] = {}
    written: dict[int, float] = {}
    following = asyncio.create_task(_heard(client, came))
    for n in range(_CASES):
        await sync_to_async(client.case)(told.received())
        await sync_to_async(house.write)()
        written |= dict.fromkeys(range(3 * n + 1, 3 * n + 4), time.monotonic())
        # Some come one upon the other, some after a pause.
        await asyncio.sleep(0.2 * (n % 3 == 0))
    await asyncio.wait_for(following, 10)

    assert list(came) == list(range(1, 3 * _CASES + 1))
    assert max(came[number] - written[number] for number in came) < _LATE_S
