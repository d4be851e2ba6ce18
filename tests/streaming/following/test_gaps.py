"""Records that are no longer kept: refused to who asks for them, told to who was overtaken while it read."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import sync_to_async

from streaming.models import FeedHead, FeedRecord
from streaming.wire import frames as wire
from tests.streaming.conftest import Client, House
from tests.streaming.readers import collected, frames_of, numbers, one_by_one, pump

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keys", "feed"])


async def written(house: House, count: int) -> Client:
    client = await sync_to_async(house.client)()
    await sync_to_async(client.many)(count)
    await sync_to_async(house.write)()
    return client


def trim(client: Client, oldest: int) -> None:
    FeedRecord.objects.filter(feed=client.feed, number__lt=oldest).delete()
    FeedHead.objects.filter(feed=client.feed).update(oldest=oldest)


@pytest.mark.parametrize("partition", ["0/1", "1/2"])
async def test_a_reader_that_was_overtaken_is_told_what_it_lacks_and_goes_on(
    house: House, partition: str
) -> None:
    client = await written(house, 900)
    index, of = map(int, partition.split("/"))
    slots = FeedRecord.objects.filter(feed=client.feed).order_by("number").values_list("number", "slot")
    whole = [number async for number, slot in slots if slot % of == index]
    stalled = one_by_one(await pump(client, from_="1", partition=partition, until="caught_up"))
    got = [await anext(stalled) for _ in range(3)]
    await sync_to_async(trim)(client, 700)
    got += [frame async for frame in stalled]

    (gap,) = [frame for frame in got if isinstance(frame, wire.Gap)]
    had = [frame.number for frame in got if isinstance(frame, wire.Record)]
    assert (gap.last, gap.oldest, gap.reason) == (699, 700, "retention")
    assert had == [n for n in whole if n < gap.first or n > gap.last]
    assert all(
        frame.prev is not None and frame.prev <= 699 for frame in got[:1] if isinstance(frame, wire.Record)
    )


async def test_a_reader_at_the_head_hears_nothing_of_it(house: House) -> None:
    client = await written(house, 30)
    stream = await pump(client, wait="1")
    reading = asyncio.create_task(collected(stream))
    await asyncio.sleep(0.05)
    await sync_to_async(trim)(client, 20)
    assert [frame["frame"] for frame in await asyncio.wait_for(reading, 5)] == ["welcome"]


async def test_earliest_is_the_oldest_that_is_kept(house: House) -> None:
    client = await written(house, 30)
    await sync_to_async(trim)(client, 20)
    assert numbers(await frames_of(client, from_="earliest")) == list(range(20, 31))
