"""History is read once for readers side by side, and nobody is given more than they may read."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.db import DatabaseError

from streaming.reading.feeds import Part, read
from streaming.reading.ring import Ring
from tests.streaming.away import records_away
from tests.streaming.conftest import House

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keys", "feed"])


async def _feed(house: House) -> str:
    client = await sync_to_async(house.client)()
    await sync_to_async(client.many)(600)
    await sync_to_async(house.write)()
    return client.feed


async def test_readers_at_the_same_place_share_what_is_read(house: House) -> None:
    part = Part(feed=await _feed(house))
    ring = Ring(part.feed)

    first, second = await asyncio.gather(*(ring.after(part, 0, 600) for _ in range(2)))

    assert first is second
    assert first == await sync_to_async(read)(part, 0, 600)


async def test_a_reader_that_goes_away_takes_nothing_from_the_others(house: House) -> None:
    part = Part(feed=await _feed(house))
    ring = Ring(part.feed)
    going, staying = (asyncio.create_task(ring.after(part, 0, 600)) for _ in range(2))
    await asyncio.sleep(0)

    going.cancel()

    assert (await staying).rows[0].number == 1


async def test_who_may_read_less_far_is_given_no_more_than_that(house: House) -> None:
    part = Part(feed=await _feed(house), index=0, of=8)
    ring = Ring(part.feed)
    longer = await ring.after(part, 0, 600)

    shorter = await ring.after(part, 0, 300)

    assert longer.upto == 600
    assert shorter == await sync_to_async(read)(part, 0, 300)


async def test_a_read_that_failed_is_not_kept_for_the_next(house: House) -> None:
    part = Part(feed=await _feed(house))
    ring = Ring(part.feed)
    with records_away(), pytest.raises(DatabaseError):
        await ring.after(part, 0, 600)

    assert (await ring.after(part, 0, 600)).rows[0].number == 1


async def test_a_reader_that_comes_just_when_a_read_has_ended_and_knows_of_more_is_served(
    house: House,
) -> None:
    part = Part(feed=await _feed(house))
    ring = Ring(part.feed)
    for head in range(300, 320):
        readers = [asyncio.create_task(ring.after(part, head - 1, head))]
        await asyncio.sleep(0)
        # One in each turn of the loop: one of them meets the turn in which the first one's read ends.
        while not readers[0].done():
            readers.append(asyncio.create_task(ring.after(part, head - 1, head + 1)))
            await asyncio.sleep(0)

        batches = await asyncio.wait_for(asyncio.gather(*readers), 10)

        assert {batch.rows[0].number for batch in batches} == {head}
