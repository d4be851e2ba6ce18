"""Whatever the feed's database is, its watch sees every move of a head, and says when it cannot see."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from django.db import connections, transaction

from streaming.models import FeedHead
from streaming.reading.feeds import Head
from streaming.reading.watching import FeedAway, FileWatch, ServerWatch, watch_of
from tests.sequencing import on_postgres

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
Look = Callable[[], Mapping[str, Head]]


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture
def look(loop: asyncio.AbstractEventLoop) -> Iterator[Look]:
    """Look until something was seen, and give all that is known of the heads; the first look was done."""
    FeedHead.objects.create(feed="a", epoch="e", head=5, position=1)
    FeedHead.objects.create(feed="b", epoch="e", head=5, position=2)
    watch = watch_of("feed")
    first = loop.run_until_complete(watch.look())
    assert first is not None
    assert first.whole
    known = dict(first.heads)

    def look() -> Mapping[str, Head]:
        until_s = time.monotonic() + 5
        while (seen := loop.run_until_complete(watch.look())) is None:
            assert time.monotonic() < until_s, "the move was not seen"
        if seen.whole:
            known.clear()
        known.update(seen.heads)
        return known

    yield look
    loop.run_until_complete(watch.close())


def _until(look: Look, stand: Mapping[str, Head]) -> None:
    until_s = time.monotonic() + 5
    while (seen := look()) != stand:
        assert time.monotonic() < until_s, f"the last that was seen is {seen}"


def _move(feed: str, head: int, position: int) -> None:
    FeedHead.objects.filter(feed=feed).update(head=head, position=position)


def test_a_head_that_moves_is_seen_at_once(look: Look) -> None:
    _move("a", 6, 3)

    assert look() == {"a": Head("e", 1, 6), "b": Head("e", 1, 5)}


def test_one_move_after_the_other_is_seen(look: Look) -> None:
    for head in range(6, 30):
        feed = "ab"[head % 2]
        _move(feed, head, head)
        assert look()[feed].head == head


def test_several_moves_of_one_commit_are_seen_as_the_last_of_them(look: Look) -> None:
    with transaction.atomic(using="feed"):
        for head in (6, 7, 8):
            _move("b", head, head)

    _until(look, {"a": Head("e", 1, 5), "b": Head("e", 1, 8)})


def test_what_moves_no_head_is_seen_within_a_moment(look: Look) -> None:
    FeedHead.objects.filter(feed="a").update(oldest=3)
    FeedHead.objects.filter(feed="b").update(epoch="f")

    _until(look, {"a": Head("e", 3, 5), "b": Head("f", 1, 5)})


def test_a_head_that_a_restore_took_back_is_seen_and_so_is_its_next_move(look: Look) -> None:
    FeedHead.objects.update(epoch="f", head=2, position=0)
    _until(look, {"a": Head("f", 1, 2), "b": Head("f", 1, 2)})

    _move("a", 3, 1)

    assert look()["a"] == Head("f", 1, 3)


def test_a_feed_that_is_gone_is_seen_to_be_gone(look: Look) -> None:
    FeedHead.objects.filter(feed="a").delete()

    _until(look, {"b": Head("e", 1, 5)})


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
        look()

    assert set(look()) == {"a", "b"}
