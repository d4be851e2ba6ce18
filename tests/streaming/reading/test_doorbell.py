"""The doorbell: heard at once in another process, missed without harm, and never waited for by who rings."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from channels_redis.pubsub import RedisPubSubChannelLayer

from deploy.servers.redis import RedisServer
from streaming.reading.doorbell import Bell, Layer, Ring, RingingStore
from subscriber import SqliteStore

pytestmark = [pytest.mark.slow]
# Far longer than a ring takes, far shorter than the wait that it ends.
_SOON_S = 2.0
_LONG_S = 20.0


@pytest.fixture
def layer(redis_server: RedisServer) -> Layer:
    made: Layer = RedisPubSubChannelLayer(hosts=[redis_server.url])
    return made


@pytest.fixture
async def ring(layer: Layer) -> AsyncIterator[Ring]:
    ring = Ring(layer)
    # The first wait opens the mailbox.
    await ring.wait(0.5)
    yield ring
    await ring.close()
    await layer.flush()


async def test_who_waits_hears_the_bell_long_before_its_time_is_over(layer: Layer, ring: Ring) -> None:
    bell = Bell(layer)
    waiting = asyncio.create_task(ring.wait(_LONG_S))
    began_s = time.monotonic()

    bell.ring()
    await waiting

    assert time.monotonic() - began_s < _SOON_S


async def test_a_ring_while_nobody_waited_is_heard_by_the_next_wait(layer: Layer, ring: Ring) -> None:
    Bell(layer).ring()
    await asyncio.sleep(0.5)
    began_s = time.monotonic()

    await ring.wait(_LONG_S)

    assert time.monotonic() - began_s < _SOON_S


async def test_without_a_ring_the_wait_ends_by_itself(ring: Ring) -> None:
    began_s = time.monotonic()

    await ring.wait(0.2)

    assert 0.15 < time.monotonic() - began_s < _SOON_S


async def test_with_redis_away_nobody_waits_longer_and_nobody_fails(tmp_path: Path) -> None:
    layer: Layer = RedisPubSubChannelLayer(hosts=[RedisServer(tmp_path).url])
    bell, ring = Bell(layer), Ring(layer)
    began_s = time.monotonic()

    bell.ring()
    await ring.wait(0.2)
    await ring.close()

    assert time.monotonic() - began_s < _SOON_S


async def test_with_redis_away_no_mailbox_is_kept_for_each_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streaming.reading.doorbell._AGAIN_S", 0.01)
    layer = RedisPubSubChannelLayer(hosts=[RedisServer(tmp_path).url])
    ring = Ring(layer)

    await ring.wait(0.5)

    assert len(layer.channels) <= 1
    await ring.close()
    assert not layer.channels


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with contextlib.closing(SqliteStore(tmp_path / "rows.sqlite3")) as store:
        yield store


def test_the_bell_rings_after_a_commit_and_not_after_a_rollback(store: SqliteStore) -> None:
    rung: list[bool] = []
    ringing = RingingStore(store, lambda: rung.append(True))

    with ringing.transaction():
        ringing.execute("CREATE TABLE t (a INT)")
        assert rung == []
    assert rung == [True]

    with pytest.raises(ZeroDivisionError), ringing.transaction():
        raise ZeroDivisionError
    assert rung == [True]
