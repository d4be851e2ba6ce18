"""The two Python followers as a program uses them: iterators, handlers, credentials, stopping."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from tests.clients.scripted import EPOCH, playing, record, stream, welcome
from vouch_feed import AsyncFollower, Follower, Position, Record, Settings, UnsafeTransport, Wish
from vouch_feed.transport import checked_url

CUT = stream(welcome(), record(1), record(2), ends="cut")
REST = stream(welcome(first=3), record(3), ends="clean")
ALL, QUICK = Wish(from_=1, until_caught_up=True), Settings(longest_wait_s=0.01)


class Broken(Exception):
    """The caller's own store has failed."""


def test_an_iterator_gives_every_record_over_every_cut() -> None:
    with playing(CUT, REST) as stage:
        follower = Follower(stage.url, "k", ALL, QUICK)

        assert [each.number for each in follower] == [1, 2, 3]
        assert follower.position == Position(EPOCH, 3)
        assert (follower.metrics.connections, follower.metrics.connected) == (2, False)


async def test_an_asynchronous_iterator_gives_the_same() -> None:
    with playing(CUT, REST) as stage:
        follower = AsyncFollower(stage.url, "k", ALL, QUICK)

        assert [each.number async for each in follower] == [1, 2, 3]
        assert follower.position == Position(EPOCH, 3)


def test_a_handlers_error_ends_it_and_the_position_stays() -> None:
    kept: list[Position] = []

    def keep(each: Record, checkpoint: Position) -> None:
        if each.number == 2:
            raise Broken
        kept.append(checkpoint)

    with playing(CUT) as stage:
        follower = Follower(stage.url, "k", ALL, QUICK)
        with pytest.raises(Broken):
            follower.run(keep)

    assert kept == [follower.position] == [Position(EPOCH, 1)]


async def test_an_asynchronous_handlers_error_ends_it_and_the_position_stays() -> None:
    async def keep(each: Record, _checkpoint: Position) -> None:
        if each.number == 2:
            raise Broken

    with playing(CUT) as stage:
        follower = AsyncFollower(stage.url, "k", ALL, QUICK)
        with pytest.raises(Broken):
            await follower.run(keep)

    assert follower.position == Position(EPOCH, 1)


def test_a_loop_that_is_left_has_passed_the_records_before_the_one_in_hand() -> None:
    with playing(CUT) as stage:
        follower = Follower(stage.url, "k", ALL, QUICK)
        for each in follower:
            if each.number == 2:
                break

    assert follower.position == Position(EPOCH, 1)


def test_a_function_is_asked_for_a_credential_before_each_connection() -> None:
    tickets = iter(["first", "second"])
    with playing(CUT, REST) as stage:
        assert len(list(Follower(stage.url, lambda: next(tickets), ALL, QUICK))) == 3

        assert [asked.headers["authorization"] for asked in stage.asked] == ["Bearer first", "Bearer second"]


async def test_a_ticket_office_that_is_away_is_asked_again() -> None:
    answers: Iterator[OSError | str] = iter((OSError("away"), "ticket"))

    async def ticket() -> str:
        answer = next(answers)
        if isinstance(answer, str):
            return answer
        raise answer

    with playing(REST) as stage:
        follower = AsyncFollower(stage.url, ticket, Wish(from_=3, until_caught_up=True), QUICK)

        assert [each.number async for each in follower] == [3]


def test_another_thread_stops_it_in_the_middle_of_a_long_wait() -> None:
    with playing(
        stream(welcome(), {"frame": "bye", "reason": "shutdown", "retry_after_ms": 20_000})
    ) as stage:
        follower = Follower(stage.url, "k", Wish(from_=1))
        threading.Timer(0.5, follower.stop).start()
        began_s = time.monotonic()

        assert list(follower) == []

    assert time.monotonic() - began_s < 5


async def test_a_task_stops_it_while_nothing_comes() -> None:
    with playing(stream(welcome(heartbeat_s=60))) as stage:
        follower = AsyncFollower(stage.url, "k", Wish(from_=1))
        asyncio.get_running_loop().call_later(0.5, follower.stop)

        async with asyncio.timeout(5):
            assert [each async for each in follower] == []


async def test_inside_a_running_loop_the_ordinary_follower_says_which_one_to_use() -> None:
    with pytest.raises(RuntimeError, match="AsyncFollower"):
        next(iter(Follower("http://127.0.0.1:1", "k")))


@pytest.mark.parametrize(
    "url",
    [
        "http://vouch.example", "http://10.0.0.1", "http://0.0.0.0", "http://[::]", "http://127.0.0.1.example",
        "http://localhost.example", "http://127.0.0.1@vouch.example", "ftp://localhost", "localhost:8000", "",
        "http://2130706433", "http://[::ffff:10.0.0.1]",
    ],
)  # fmt: skip
def test_an_address_that_would_show_the_credential_is_refused(url: str) -> None:
    with pytest.raises(UnsafeTransport):
        checked_url(url)


@pytest.mark.parametrize(
    "url", ["https://vouch.example", "http://localhost:8000/", "http://127.9.9.9", "http://[::1]:8000"]
)
def test_an_address_that_keeps_it_is_taken(url: str) -> None:
    assert str(checked_url(url)) == url.rstrip("/")
