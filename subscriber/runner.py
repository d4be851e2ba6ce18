"""The loop: one thread, one source, one database, and the subscribers that live on them."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from subscriber.context import Emitter
from subscriber.counts import Counts
from subscriber.declare import Subscriber
from subscriber.errors import EpochChanged, NotNow
from subscriber.follower import Follower
from subscriber.lanes import Tries
from subscriber.member import Member
from subscriber.pool import InlinePool, WorkPool
from subscriber.recorder import Recorder
from subscriber.reports import Report
from subscriber.source import Lagging, SharedSource, Source
from subscriber.store import Store
from subscriber.unit import Tools

__all__ = ["Runner"]

# Half of a hop's budget of 10 ms; a look costs some 20 µs.
_LOOK_EVERY_S: Final = 0.005
# Timers and retries are looked at so often when nothing else happens.
_STEP_EVERY_S: Final = 0.05
# Oftener than anybody asks for metrics.
_TELL_EVERY_S: Final = 0.5


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Runner:
    """Hosts subscribers in the calling thread.

    Subscribers that stand at the same position share one read. Whoever lags, because it is new or full, is
    read for separately and holds nobody up. A shared source serves one subscriber, of whose partitions this
    process has some.
    """

    def __init__(  # noqa: PLR0913 - what a runner is made of; the last three have defaults
        self,
        subscribers: Iterable[Subscriber],
        source: Source | SharedSource,
        store: Store,
        emitter: Emitter,
        *,
        pool: WorkPool | None = None,
        clock: Callable[[], datetime] = _utc_now,
        replaying: bool = False,
    ) -> None:
        self._source = source
        self._emitter = emitter
        self._bell = threading.Event()
        tools = Tools(store, emitter, pool or InlinePool(), clock, self._bell, replaying)
        shared = isinstance(source, SharedSource)
        self._followers = {s.name: _follower(s, tools, shared=shared) for s in subscribers}
        if shared and len(self._followers) != 1:
            raise ValueError("a shared source deals partitions out to one subscriber: one runner each")
        self._opened = False
        self._rest = Tries()
        self._reports: tuple[Report, ...] = ()
        self._told_s = 0.0

    def counts(self, name: str) -> Counts:
        """Tell what became of a subscriber's events since the start."""
        return self._followers[name].counts

    def reports(self) -> tuple[Report, ...]:
        """Tell how each subscriber stood at most half a second ago; for any thread."""
        return self._reports

    def floor(self, name: str) -> int:
        """Tell up to which position a subscriber has finished everything; 0 before the first step."""
        return self._followers[name].floor if self._opened else 0

    def settle(self) -> None:
        """Move every checkpoint over what was passed, at once."""
        self._save(at_once=True)

    def run(self, stop: threading.Event) -> None:
        """Follow until told to stop.

        Raises:
            SubscriberError: it cannot go on (`EpochChanged`, `Superseded`, `BreakerOpen`): end the process.
        """
        while not stop.is_set():
            if not self.step():
                self._wait(stop)
        self.settle()
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
            self._tell()
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
        if isinstance(self._source, SharedSource):
            return self._share(self._source)
        return self._read_journal(self._source)

    def _share(self, source: SharedSource) -> bool:
        """Read on in the partitions owned; a full reader asks all the same, and so keeps its membership."""
        moved = False
        for member in self._followers.values():
            if isinstance(member, Member):
                moved = member.share(source.share(member.wanted)) or moved
        return moved

    def _read_journal(self, source: Source) -> bool:
        moved = False
        together: defaultdict[int, list[Follower | Recorder]] = defaultdict(list)
        for follower in self._followers.values():
            if follower.room:
                together[follower.cursor].append(follower)
        for cursor, members in sorted(together.items()):
            try:
                batch = source.read(cursor, min(member.room for member in members))
            except EpochChanged as changed:
                for member in members:
                    member.turn_back(changed)
                return True
            for member in members:
                moved = member.take(batch) or moved
        return moved

    def _open(self) -> None:
        if not self._opened:
            for follower in self._followers.values():
                follower.open(self._source)
            self._opened = True

    def _tell(self) -> None:
        if time.monotonic() - self._told_s >= _TELL_EVERY_S:
            self._told_s = time.monotonic()
            unread = self._source.unread if isinstance(self._source, Lagging) else 0
            reports = (follower.report() for follower in self._followers.values())
            self._reports = tuple(replace(report, behind=report.behind + unread) for report in reports)

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


def _follower(subscriber: Subscriber, tools: Tools, *, shared: bool) -> Follower | Recorder:
    if subscriber.recording is None:
        return (Member if shared else Follower)(subscriber, tools)
    if shared:
        raise ValueError(
            f"{subscriber.name} records the journal in its one order, which partitions do not have"
        )
    return Recorder(subscriber.name, subscriber.recording, tools)
