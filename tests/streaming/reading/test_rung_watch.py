"""A PostgreSQL feed behind a doorbell: looked at once it rings, found without it, away when it is away."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import psycopg
import pytest
from channels_redis.pubsub import RedisPubSubChannelLayer

from deploy.servers.postgres import PostgresServer
from deploy.servers.redis import RedisServer
from streaming.reading.doorbell import Bell, Layer, Ring
from streaming.reading.feeds import Head
from streaming.reading.watching import FeedAway, RungWatch, Seen

pytestmark = [pytest.mark.slow]
_TABLE = """
    CREATE TABLE IF NOT EXISTS streaming_feedhead (
        feed TEXT PRIMARY KEY, epoch TEXT, oldest BIGINT, head BIGINT, position BIGINT
    )
"""
_MOVE = """
    INSERT INTO streaming_feedhead VALUES ('a', 'e', 1, %s, %s)
    ON CONFLICT (feed) DO UPDATE SET head = excluded.head, position = excluded.position
"""


@pytest.fixture
def address(postgres: PostgresServer) -> str:
    address = postgres.create_database("watched")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(_TABLE)
        connection.execute("TRUNCATE streaming_feedhead")
    return address


@pytest.fixture
def layer(redis_server: RedisServer) -> Layer:
    made: Layer = RedisPubSubChannelLayer(hosts=[redis_server.url])
    return made


async def _opened(address: str, layer: Layer, look_every_s: float) -> RungWatch:
    """A watch that has looked once, and whose mailbox is open."""
    watch = RungWatch(address, Ring(layer), look_every_s=0.5)
    await watch.look()
    await watch.look()
    watch._look_every_s = look_every_s
    return watch


@pytest.fixture
async def patient(address: str, layer: Layer) -> AsyncIterator[RungWatch]:
    watch = await _opened(address, layer, 20.0)
    yield watch
    await watch.close()
    await layer.flush()


def _move(address: str, head: int) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(_MOVE, (head, head))


async def test_a_ring_ends_the_wait_and_the_new_head_is_seen(
    patient: RungWatch, address: str, layer: Layer
) -> None:
    bell, began_s = Bell(layer), time.monotonic()

    _move(address, 7)
    bell.ring()

    seen = await patient.look()
    assert seen is not None
    assert seen.heads == {"a": Head("e", 1, 7)}
    assert time.monotonic() - began_s < 10


async def test_a_move_whose_ring_was_lost_is_found_at_the_next_look(address: str, layer: Layer) -> None:
    watch = await _opened(address, layer, 0.05)

    _move(address, 8)

    assert await watch.look() == Seen({"a": Head("e", 1, 8)}, whole=False)
    assert await watch.look() is None
    await watch.close()
    await layer.flush()


async def test_a_database_that_is_away_is_said_to_be_away(layer: Layer) -> None:
    watch = RungWatch("postgresql://127.0.0.1:1/nowhere", Ring(layer))

    with pytest.raises(FeedAway):
        await watch.look()
