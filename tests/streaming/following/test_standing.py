"""Streams whose readers may not go on end within a look; a look that cannot be taken ends them all."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from asgiref.sync import sync_to_async

from access.clients import revoke_key
from streaming.following.standing import standings
from streaming.wire import frames as wire
from tests.streaming.away import away
from tests.streaming.conftest import House
from tests.streaming.readers import PACE, collected, one_by_one, pump

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keys", "feed"])
QUICK = replace(PACE, recheck_s=0.05, save_s=0.05)


async def test_of_many_streams_those_whose_key_was_revoked_end_and_no_others(house: House) -> None:
    clients = [await sync_to_async(house.client)() for _ in range(4)]
    streams = [await pump(client, pace=QUICK) for client in clients for _ in range(3)]
    reading = [asyncio.create_task(collected(stream)) for stream in streams]

    gone = streams[3].standing.principal
    await sync_to_async(revoke_key)(client=gone.client, key_id=gone.key_id, now=house.now)
    ended = await asyncio.wait_for(asyncio.gather(*reading[3:6]), 5)
    await asyncio.sleep(0.2)

    assert [frames[-1]["reason"] for frames in ended] == ["revoked"] * 3
    assert not any(task.done() for task in [*reading[:3], *reading[6:]])


async def test_keys_that_cannot_be_looked_at_let_no_stream_go_on(house: House) -> None:
    client = await sync_to_async(house.client)()
    streams = [await pump(client, pace=QUICK) for _ in range(2)]
    reading = [asyncio.create_task(collected(stream)) for stream in streams]
    await asyncio.sleep(0.05)

    with away("default", "access_clientkey"):
        ended = await asyncio.wait_for(asyncio.gather(*reading), 5)

    assert [frames[-1]["frame"] for frames in ended] == ["falling_behind"] * 2


async def test_nothing_is_looked_at_once_the_last_stream_was_let_go(house: House) -> None:
    client = await sync_to_async(house.client)()
    stream = await pump(client, pace=QUICK)
    await stream.leave()
    await asyncio.sleep(0.2)

    looking = standings(QUICK)._task
    assert looking is not None
    assert looking.done()


async def test_an_ack_that_cannot_be_stored_ends_its_own_stream_and_no_other(house: House) -> None:
    client = await sync_to_async(house.client)()
    await sync_to_async(client.many)(3)
    await sync_to_async(house.write)()
    acking = await pump(client, pace=QUICK, subscription="letters", from_="1")
    other = asyncio.create_task(collected(await pump(client, pace=QUICK)))
    frames = one_by_one(acking)
    assert [type(await anext(frames)) for _ in range(2)] == [wire.Welcome, wire.Record]

    with away("default", "streaming_feedsubscription"):
        acking.ack(1)
        last = [frame async for frame in frames][-1]
        await asyncio.sleep(0.2)

    assert isinstance(last, wire.FallingBehind)
    assert not other.done()
