"""The watcher wakes readers within milliseconds, loses no wake-up, and says when it cannot see."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

import pytest

from streaming.feeds import Head
from streaming.tailer import Tailer, leave, tailer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "feed.sqlite3"
    with sqlite3.connect(path) as feed:
        feed.execute("PRAGMA journal_mode=WAL")
        feed.execute(
            "CREATE TABLE streaming_feedhead (feed TEXT PRIMARY KEY, epoch TEXT, oldest INT, head INT)"
        )
        feed.execute("INSERT INTO streaming_feedhead VALUES ('a', 'e', 1, 5), ('b', 'e', 1, 5)")
    return path


def move(file: Path, feed: str, head: int) -> None:
    with sqlite3.connect(file) as other:
        other.execute("UPDATE streaming_feedhead SET head = ? WHERE feed = ?", (head, feed))


async def test_a_reader_is_woken_when_its_feed_moves(file: Path) -> None:
    watcher = Tailer(file)
    waiting = asyncio.create_task(watcher.moved("a", 5, 5))
    await asyncio.sleep(0.05)
    began = time.monotonic()
    move(file, "a", 6)
    await waiting
    assert time.monotonic() - began < 1
    assert watcher.head(Head("e", 1, 5), "a").head == 6


async def test_a_reader_of_another_feed_sleeps_on(file: Path) -> None:
    watcher = Tailer(file)
    waiting = asyncio.create_task(watcher.moved("b", 5, 5))
    await asyncio.sleep(0.05)
    move(file, "a", 6)
    await asyncio.sleep(0.1)
    assert not waiting.done()
    waiting.cancel()


async def test_a_move_before_the_reader_waits_is_seen_at_once(file: Path) -> None:
    watcher = Tailer(file)
    await watcher.moved("a", 5, 0.05)
    move(file, "a", 6)
    await asyncio.wait_for(watcher.moved("a", 5, 5), 1)


async def test_a_file_that_cannot_be_read_is_told_to_waiting_readers(tmp_path: Path) -> None:
    watcher = Tailer(tmp_path / "nowhere.sqlite3")
    await asyncio.wait_for(watcher.moved("a", 5, 5), 1)
    assert watcher.behind


async def test_leaving_wakes_every_reader_of_the_loop(file: Path) -> None:
    watcher = tailer(file)
    waiting = asyncio.create_task(watcher.moved("a", 5, 5))
    await asyncio.sleep(0.02)
    leave()
    await asyncio.wait_for(waiting, 1)
    assert watcher.leaving
