"""A process hears of news again whatever happened to the thread that listens for it."""

from __future__ import annotations

import threading
import time

import pytest

from events.database.waking import Watch

NOBODY = "host=127.0.0.1 port=1 dbname=nothing"


def _no_room(_thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_after_a_thread_that_could_not_be_started_the_next_one_who_asks_starts_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watch = Watch(NOBODY)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", _no_room)
        with pytest.raises(RuntimeError):
            watch.value()

    first, until_s = watch.value(), time.monotonic() + 5

    # Each connection that fails is news.
    while watch.value() == first:
        assert time.monotonic() < until_s, "nobody listens"
        time.sleep(0.01)
