"""One subscriber at work: events wait in lanes, run in order of their key, and commit with the checkpoint."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

import structlog
from google.protobuf.message import DecodeError

from protocol.ids import to_us
from protocol.records import Recorded
from subscriber.acting import Actor
from subscriber.away import Away
from subscriber.choosing import Chooser
from subscriber.counts import Counts
from subscriber.declare import Subscriber
from subscriber.doing import while_doing
from subscriber.errors import EpochChanged, NotNow, StoreAway, Superseded, Undeclared
from subscriber.failures import Breaker, where
from subscriber.lanes import Job, Lanes, Tries
from subscriber.ledger import DueTimer, Ledger
from subscriber.lineage import joined
from subscriber.progress import Progress
from subscriber.reports import Report
from subscriber.skips import Skips
from subscriber.source import Batch, SharedSource, Source
from subscriber.standing import Standing, Whole
from subscriber.unit import Act, Tools, Unit, doing_of
from subscriber.witness import Witness, is_there

__all__ = ["Follower"]

_log = structlog.get_logger("vouch.subscriber")

# Beyond so many positions open or done out of order, reading pauses (DESIGN §4).
_MOST_KEPT: Final = 1_000
_BATCH: Final = 500
_TRIES: Final = 3
_SAVE_EVERY_S: Final = 1.0
_TIMERS_AT_ONCE: Final = 100


class Follower:
    """The running state of one subscriber."""

    def __init__(self, subscriber: Subscriber, tools: Tools) -> None:
        self._subscriber = subscriber
        self._tools = tools
        self._ledger = Ledger(tools.store, subscriber.name)
        self._witness = Witness(tools.store, subscriber.name)
        self._skips = Skips(tools.store, subscriber.name)
        self._actor = Actor(subscriber, tools, self._ledger)
        self._away = Away(subscriber.name, tools)
        self._lanes = Lanes()
        self._timers: dict[DueTimer, Tries] = {}
        self._rest = Tries()
        self._standing: Standing
        self._recognised = True
        self._live, self._head, self._read_us = False, 0, 0
        self._saved_s = 0.0
        self.counts = Counts()
        self._chooser = Chooser(subscriber, self._skips, self.counts, replaying=tools.replaying)

    def open(self, source: Source | SharedSource) -> None:
        """Take the subscriber over from whoever ran it before, and go on where that one stopped.

        Raises:
            SourceAway: the source cannot be asked now whether it is the journal that was followed before.
        """
        with self._tools.store.transaction():
            self._ledger.prepare()
        self._recognised = is_there(self._witness.last(), source)
        self._epoch, self._standing, streak = Whole.open(self._ledger)
        self._begin(streak)

    def _begin(self, streak: int) -> None:
        self._actor.parked = self._ledger.parked_keys()
        self._breaker = Breaker(self._subscriber.name, streak)
        self._saved_s = time.monotonic()

    @property
    def cursor(self) -> int:
        """The position to read after."""
        return self._whole.read

    @property
    def floor(self) -> int:
        """Everything up to this position is finished."""
        return self._standing.floor

    @property
    def _whole(self) -> Progress:
        if not isinstance(self._standing, Whole):
            raise TypeError(f"{self._subscriber.name} shares the journal's partitions with others")
        return self._standing.progress

    @property
    def room(self) -> int:
        """How many more events it can take now; some when nothing is under way, or it would stand still."""
        if not self._lanes:
            return _BATCH
        return max(0, min(_BATCH, _MOST_KEPT - self._standing.weight))

    def report(self) -> Report:
        """Tell how far it has come, as a value for other threads."""
        return Report(
            name=self._subscriber.name,
            floor=self._standing.floor,
            behind=max(0, self._head - self._standing.floor),
            oldest_us=self._lanes.oldest_us() or (0 if self._live else self._read_us),
            parked_keys=len(self._actor.parked),
            counts=replace(self.counts),
        )

    def take(self, batch: Batch) -> bool:
        """Take up the events of a batch that it handles; true when there were any.

        Raises:
            EpochChanged: the journal was restored, and lacks events that were seen before.
        """
        if batch.epoch != self._epoch or batch.head < self._whole.read or not self._recognised:
            reached = self._standing.furthest
            self._epoch = joined(self._epoch, reached, batch.epoch, batch.head, batch.lineage)
            if not self._recognised:
                raise Undeclared(had=self._epoch, has=batch.epoch, position=reached)
        for record in batch.records:
            self._take_up(record)
        self._whole.looked(batch.through)
        self._live, self._head = batch.through >= batch.head, batch.head
        self._read_us = batch.records[-1].sequenced_at_us if batch.records else self._read_us
        return bool(batch.records)

    def turn_back(self, changed: EpochChanged) -> None:
        """Refuse to go on: rows that were made of events which are gone have to be made anew."""
        raise changed

    def _take_up(self, record: Recorded) -> None:
        handler = self._chooser.handler(record)
        if handler is None:
            return
        if self._standing.begin(record):
            self._lanes.add(Job(record, handler))
        else:
            self._chooser.again(record)

    def pump(self) -> bool:
        """Do whatever can be done now; true when something was."""
        now_s = time.monotonic()
        if self._rest.not_before_s > now_s:
            return False
        try:
            moved = self._collect()
            moved = self._run_ready(now_s) or moved
        except StoreAway:
            self._rest.rest(now_s, random.random())  # noqa: S311 - jitter
            return False
        self._rest = Tries()
        return moved

    def _run_ready(self, now_s: float) -> bool:
        resting = {timer.key for timer, tries in self._timers.items() if tries.not_before_s > now_s}
        busy = self._lanes.busy(now_s) | resting
        if self._chooser.limited:
            busy |= self._lanes.without_slot()
        jobs = self._lanes.ready(busy, _BATCH)
        if not jobs and next(self._acts(jobs, busy), None) is None:
            return False
        self._together(jobs, busy)
        return True

    def save_lazily(self, *, at_once: bool = False) -> None:
        """Move the checkpoint over events that nobody handled, at most once a second."""
        late = at_once or time.monotonic() - self._saved_s >= _SAVE_EVERY_S
        if late and (self._standing.moved or self._skips.waiting):
            with self._unit(set()):
                pass

    def _collect(self) -> bool:
        """Take back the work that is done."""
        moved = False
        for job, future in self._away.back():
            moved = True
            error = future.exception()
            if error is None:
                job.worked, job.value = True, future.result()
            else:
                self._failed(job, error)
        return moved

    def _together(self, jobs: list[Job], busy: set[str]) -> None:
        """Run everything in one transaction; when something in it fails, each by itself."""
        mine = set(busy)
        if self._tried(self._acts(jobs, mine), mine) is not None:
            self._one_by_one(jobs, set(busy))

    def _one_by_one(self, jobs: list[Job], busy: set[str]) -> None:
        for act in self._acts(jobs, busy):
            error = self._tried([act], busy)
            if error is not None:
                busy.add(act.key)
                self._failed(act, error)

    def _tried(self, acts: Iterable[Act], busy: set[str]) -> Exception | None:
        """Run acts in one transaction; gives what a handler raised, everything rolled back."""
        try:
            with self._committed(busy) as unit:
                for act in acts:
                    self._actor.run(act, unit)
        except (StoreAway, Superseded):
            raise
        except Exception as error:  # noqa: BLE001 - a handler may raise anything; the reason is kept
            return error
        # What goes wrong from here on is no handler's failure: nothing was rolled back.
        self._adopt(unit)
        return None

    def _acts(self, jobs: list[Job], busy: set[str]) -> Iterator[Act]:
        """Put timers between events: one that was due before an event runs before it, however late we are."""
        slots = self._lanes.slots() if self._chooser.limited else None
        for job in jobs:
            yield from self._due(job.moment_us, busy)
            if job.key in busy:
                continue
            if slots is None or slots.take(job):
                yield job
            else:
                busy.add(job.key)
        # In a rebuild the clock fires nothing: what is due now is for the version that lives.
        if self._live and not jobs and not self._tools.replaying:
            yield from self._due(to_us(self._tools.clock()), busy)

    def _due(self, until_us: int, busy: set[str]) -> Iterator[DueTimer]:
        if self._subscriber.on_timer is None:
            return
        while True:
            due = self._ledger.due(until_us, _TIMERS_AT_ONCE, self._standing.fires)
            timer = next((t for t in due if t.key not in busy), None)
            if timer is None:
                return
            yield timer

    @contextmanager
    def _unit(self, busy: set[str]) -> Iterator[Unit]:
        """Run a transaction that moves the checkpoint, and change the memory only when it has committed."""
        with self._committed(busy) as unit:
            yield unit
        self._adopt(unit)

    @contextmanager
    def _committed(self, busy: set[str]) -> Iterator[Unit]:
        """Run a transaction that moves the checkpoint; the memory is not changed yet."""
        unit = Unit(self._standing.copy(), busy, self._tools.clock())
        try:
            with self._tools.store.transaction():
                yield unit
                unit.write()
                streak = 0 if unit.handled else self._breaker.streak
                unit.standing.save(self._epoch, streak)
                self._witness.save(job.record for job in unit.finished)
                self._skips.save()
        except BaseException:
            self._ledger.next_due_us = None
            raise

    def _adopt(self, unit: Unit) -> None:
        self._skips.saved()
        self._standing = unit.standing
        self._saved_s = time.monotonic()
        for job in unit.finished:
            self._lanes.remove(job)
        for timer in unit.fired:
            self._timers.pop(timer, None)
        self._breaker.succeeded(unit.handled)
        self.counts.handled += unit.handled
        self.counts.parked += unit.parked
        for job, given in unit.begun:
            self._away.send(job, given)

    def _failed(self, act: Act, error: BaseException) -> None:
        """Have a failed event or timer tried again, or bury it and park its key.

        Raises:
            BreakerOpen: too many fail.
        """
        tries = act.tries if isinstance(act, Job) else self._timers.setdefault(act, Tries())
        if isinstance(error, NotNow):
            self.counts.waits += 1
        else:
            tries.attempts += 1
        if isinstance(error, DecodeError) or tries.attempts >= _TRIES:
            self._give_up(act, error, tries.attempts)
        else:
            tries.rest(time.monotonic(), random.random())  # noqa: S311 - jitter

    def _give_up(self, act: Act, error: BaseException, attempts: int) -> None:
        before = self._breaker.streak
        self._breaker.failing()
        try:
            with self._unit(set()) as unit:
                self._actor.bury(
                    act, unit, reason=type(error).__name__, traceback=where(error), attempts=attempts
                )
        except BaseException:
            self._breaker.streak = before
            raise
        self._actor.parked.add(act.key)
        self.counts.buried += 1
        with while_doing(doing_of(act, self._subscriber.name)):
            _log.error("buried", reason=type(error).__name__, attempts=attempts)
