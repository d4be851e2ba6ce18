"""The loop: one thread, one source, one database, and the subscribers that live on them."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

from subscriber.context import Emitter
from subscriber.declare import Subscriber
from subscriber.errors import NotNow
from subscriber.follower import Follower
from subscriber.lanes import Tries
from subscriber.pool import InlinePool, WorkPool
from subscriber.source import Source
from subscriber.store import Store
from subscriber.unit import Counts, Tools

__all__ = ["Runner"]

# Half of a hop's budget of 10 ms; a look costs some 20 µs.
_LOOK_EVERY_S: Final = 0.005
# Timers and retries are looked at so often when nothing else happens.
_STEP_EVERY_S: Final = 0.05


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Runner:
    """Hosts subscribers in the calling thread.

    Subscribers that stand at the same position share one read. Whoever lags, because it is new or full, is
    read for separately and holds nobody up.
    """

    def __init__(  # noqa: PLR0913 - what a runner is made of; the last two have defaults
        self,
        subscribers: Iterable[Subscriber],
        source: Source,
        store: Store,
        emitter: Emitter,
        *,
        pool: WorkPool | None = None,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._source = source
        self._emitter = emitter
        self._bell = threading.Event()
        tools = Tools(store, emitter, pool or InlinePool(), clock, self._bell)
        self._followers = {s.name: Follower(s, tools) for s in subscribers}
        self._opened = False
        self._rest = Tries()

    def counts(self, name: str) -> Counts:
        """Tell what became of a subscriber's events since the start."""
        return self._followers[name].counts

    def run(self, stop: threading.Event) -> None:
        """Follow until told to stop.

        Raises:
            SubscriberError: it cannot go on (`EpochChanged`, `Superseded`, `BreakerOpen`): end the process.
        """
        while not stop.is_set():
            if not self.step():
                self._wait(stop)
        self._save(at_once=True)
        self._source.close()

    def step(self) -> bool:
        """Read, run and commit what there is; false when there was nothing to do. Raises as `run` does."""
        self._bell.clear()
        moved = self._read()
        if self._opened:
            for follower in self._followers.values():
                moved = follower.pump() or moved
            moved = self._emitter.carry(self._bell) or moved
            self._save()
        return moved

    def _read(self) -> bool:
        """Read on for every subscriber that has room; a source that is away is asked again later."""
        if self._rest.not_before_s > time.monotonic():
            return False
        try:
            moved = self._read_each()
        except NotNow:
            self._rest.rest(time.monotonic(), random.random())  # noqa: S311 - jitter
            return False
        self._rest = Tries()
        return moved

    def _read_each(self) -> bool:
        self._open()
        moved = False
        together: defaultdict[int, list[Follower]] = defaultdict(list)
        for follower in self._followers.values():
            if follower.room:
                together[follower.cursor].append(follower)
        for cursor, members in sorted(together.items()):
            batch = self._source.read(cursor, min(member.room for member in members))
            for member in members:
                moved = member.take(batch) or moved
        return moved

    def _open(self) -> None:
        if not self._opened:
            for follower in self._followers.values():
                follower.open()
            self._opened = True

    def _save(self, *, at_once: bool = False) -> None:
        if not self._opened:
            return
        for follower in self._followers.values():
            try:
                follower.save_lazily(at_once=at_once)
            except NotNow:
                continue

    def _wait(self, stop: threading.Event) -> None:
        until_s = time.monotonic() + _STEP_EVERY_S
        while not stop.is_set() and time.monotonic() < until_s and not self._source.news():
            if self._bell.wait(_LOOK_EVERY_S):
                return
