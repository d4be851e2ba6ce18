"""The watcher wakes readers within milliseconds, loses no wake-up, and says when it cannot see."""

from __future__ import annotations

import asyncio
import math
import sqlite3
import time
from pathlib import Path

import pytest

from streaming.reading.feeds import Head
from streaming.reading.tailer import Tailer, leave, tailer
from streaming.reading.waking import Wakeup
from streaming.reading.watching import FileWatch, Seen


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "feed.sqlite3"
    with sqlite3.connect(path) as feed:
        feed.execute("PRAGMA journal_mode=WAL")
        feed.execute(
            "CREATE TABLE streaming_feedhead"
            " (feed TEXT PRIMARY KEY, epoch TEXT, oldest INT, head INT, position INT)"
        )
        feed.execute("INSERT INTO streaming_feedhead VALUES ('a', 'e', 1, 5, 1), ('b', 'e', 1, 5, 2)")
    return path


def move(file: Path, feed: str, head: int) -> None:
    with sqlite3.connect(file) as other:
        other.execute("UPDATE streaming_feedhead SET head = ?, position = 3 WHERE feed = ?", (head, feed))


async def moved(watcher: Tailer, feed: str, number: float, timeout_s: float) -> None:
    """Wait as a reader does, with a wake-up of its own."""
    wakeup = Wakeup()
    await watcher.moved(feed, number, wakeup, asyncio.get_running_loop().time() + timeout_s)
    wakeup.close()


class SlowToClose(FileWatch):
    """A file that is let go of as slowly as a connection over a network."""

    def __init__(self, file: Path) -> None:
        super().__init__(file)
        self.closing = asyncio.Event()

    async def look(self) -> Seen | None:
        self.closing.clear()
        return await super().look()

    async def close(self) -> None:
        self.closing.set()
        await asyncio.sleep(0.1)
        await super().close()


async def test_a_reader_is_woken_when_its_feed_moves(file: Path) -> None:
    watcher = Tailer(FileWatch(file))
    waiting = asyncio.create_task(moved(watcher, "a", 5, 5))
    await asyncio.sleep(0.05)
    began = time.monotonic()
    move(file, "a", 6)
    await waiting
    assert time.monotonic() - began < 1
    assert watcher.head(Head("e", 1, 5), "a").head == 6


async def test_a_reader_of_another_feed_sleeps_on(file: Path) -> None:
    watcher = Tailer(FileWatch(file))
    waiting = asyncio.create_task(moved(watcher, "b", 5, 5))
    await asyncio.sleep(0.05)
    move(file, "a", 6)
    await asyncio.sleep(0.1)
    assert not waiting.done()
    waiting.cancel()


async def test_a_move_before_the_reader_waits_is_seen_at_once(file: Path) -> None:
    watcher = Tailer(FileWatch(file))
    await moved(watcher, "a", 5, 0.05)
    move(file, "a", 6)
    await asyncio.wait_for(moved(watcher, "a", 5, 5), 1)


async def test_a_file_that_cannot_be_read_is_told_to_waiting_readers(tmp_path: Path) -> None:
    watcher = Tailer(FileWatch(tmp_path / "nowhere.sqlite3"))
    await asyncio.wait_for(moved(watcher, "a", 5, 5), 1)
    assert watcher.behind


async def test_who_comes_after_the_file_was_away_is_not_sent_away(tmp_path: Path) -> None:
    watcher = Tailer(FileWatch(tmp_path / "late.sqlite3"))
    await moved(watcher, "a", 5, 1)
    await asyncio.sleep(0.01)

    watcher.join("a", Head("e", 1, 5))

    assert not watcher.behind


async def test_a_reader_that_comes_while_the_watch_is_let_go_of_is_woken(file: Path) -> None:
    watch = SlowToClose(file)
    watcher = Tailer(watch)
    await moved(watcher, "a", 5, 0.01)
    await watch.closing.wait()

    waiting = asyncio.create_task(moved(watcher, "a", 5, 5))
    await asyncio.sleep(0)
    move(file, "a", 6)

    await asyncio.wait_for(waiting, 1)
    assert watcher.head(Head("e", 1, 5), "a").head == 6


@pytest.mark.usefixtures("transactional_db")
async def test_leaving_wakes_every_reader_of_the_loop() -> None:
    watcher = tailer()
    waiting = asyncio.create_task(moved(watcher, "a", 5, 5))
    await asyncio.sleep(0.02)
    leave()
    await asyncio.wait_for(waiting, 1)
    assert watcher.leaving


async def test_a_reader_that_wants_no_record_sleeps_on_until_somebody_rings(file: Path) -> None:
    watcher, wakeup = Tailer(FileWatch(file)), Wakeup()
    parked = asyncio.create_task(watcher.moved("a", math.inf, wakeup, asyncio.get_running_loop().time() + 5))
    await asyncio.sleep(0.05)
    move(file, "a", 6)
    await asyncio.sleep(0.1)
    assert not parked.done()

    wakeup.ring()

    await asyncio.wait_for(parked, 1)


async def test_a_ring_that_comes_while_awake_is_not_lost() -> None:
    wakeup = Wakeup()

    wakeup.ring()

    await asyncio.wait_for(wakeup.sleep(asyncio.get_running_loop().time() + 60), 1)


async def test_a_sleep_ends_at_its_moment_whatever_was_due_before_and_after() -> None:
    wakeup, loop = Wakeup(), asyncio.get_running_loop()
    began_s = loop.time()
    slept = asyncio.create_task(wakeup.sleep(began_s + 60))
    await asyncio.sleep(0)
    wakeup.ring()
    await slept

    await wakeup.sleep(began_s + 0.05)

    assert 0.05 <= loop.time() - began_s < 5
    wakeup.close()
