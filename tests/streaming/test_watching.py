"""Whatever the feed's database is, its watch sees every move of a head, and says when it cannot see."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from django.db import connections, transaction

from streaming.feeds import Head
from streaming.models import FeedHead
from streaming.watching import FeedAway, FileWatch, ServerWatch, watch_of
from tests.sequencing import on_postgres

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
Look = Callable[[], Mapping[str, Head] | None]


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture
def look(loop: asyncio.AbstractEventLoop) -> Iterator[Look]:
    """Look once; what was there before has been seen already."""
    FeedHead.objects.create(feed="a", epoch="e", head=5)
    FeedHead.objects.create(feed="b", epoch="e", head=5)
    watch = watch_of("feed")
    loop.run_until_complete(watch.look())
    yield lambda: loop.run_until_complete(watch.look())
    loop.run_until_complete(watch.close())


def _next(look: Look) -> Mapping[str, Head]:
    until_s = time.monotonic() + 5
    while (seen := look()) is None:
        assert time.monotonic() < until_s, "the move was not seen"
    return seen


def test_a_head_that_moves_is_seen_with_all_the_others(look: Look) -> None:
    FeedHead.objects.filter(feed="a").update(head=6)

    assert _next(look) == {"a": Head("e", 1, 6), "b": Head("e", 1, 5)}


def test_several_moves_of_one_commit_are_seen_as_the_last_of_them(look: Look) -> None:
    with transaction.atomic(using="feed"):
        for head in (6, 7, 8):
            FeedHead.objects.filter(feed="b").update(head=head)

    seen = _next(look)
    while seen["b"].head < 8:
        seen = _next(look)
    assert seen["b"].head == 8


def test_nothing_is_told_when_nothing_has_moved(look: Look) -> None:
    assert look() is None


def test_a_feed_that_is_gone_is_seen_to_be_gone(look: Look) -> None:
    FeedHead.objects.filter(feed="a").delete()

    assert _next(look) == {"b": Head("e", 1, 5)}


def test_a_database_that_is_not_there_is_said_to_be_away(
    loop: asyncio.AbstractEventLoop, tmp_path: Path
) -> None:
    nowhere = "postgresql://postgres@127.0.0.1:1/nowhere"

    for watch in (FileWatch(tmp_path / "nowhere.sqlite3"), ServerWatch(nowhere)):
        with pytest.raises(FeedAway):
            loop.run_until_complete(watch.look())


@pytest.mark.skipif(not on_postgres(), reason="a file has no connection that could be ended")
def test_complaint_20_a_connection_killed_is_said_once_and_then_replaced(look: Look) -> None:
    with connections["feed"].cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'vouch feed watch'"
        )

    with pytest.raises(FeedAway):
        _next(look)

    assert set(_next(look)) == {"a", "b"}
