"""One subscriber at work: events wait in lanes, run in order of their key, and commit with the checkpoint."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Final

from google.protobuf.message import DecodeError

from protocol.catalogue import UnknownType, stream_of
from protocol.ids import to_us
from protocol.schemas.journal_v1_pb2 import Record
from subscriber.context import Cause, Context, Timer
from subscriber.declare import Handler, Mode, Subscriber
from subscriber.errors import EpochChanged, NotNow, StoreAway, Superseded
from subscriber.failures import Breaker, where
from subscriber.lanes import Job, Lanes, Tries
from subscriber.ledger import DeadLetter, DueTimer, Ledger
from subscriber.source import Batch
from subscriber.unit import Act, Counts, Tools, Unit

__all__ = ["Follower"]

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
        self._handlers = subscriber.by_type()
        self._ledger = Ledger(tools.store, subscriber.name)
        self._lanes = Lanes()
        self._timers: dict[DueTimer, Tries] = {}
        self._back: SimpleQueue[tuple[Job, Future[object]]] = SimpleQueue()
        self._rest = Tries()
        self._live = False
        self._saved = (0, 0.0)
        self.counts = Counts()

    def open(self) -> None:
        """Take the subscriber over from whoever ran it before, and go on where that one stopped."""
        self._epoch, self._progress, streak = self._ledger.open()
        self._parked = self._ledger.parked_keys()
        self._breaker = Breaker(self._subscriber.name, streak)
        self._saved = (self._progress.floor, time.monotonic())

    @property
    def cursor(self) -> int:
        """The position to read after."""
        return self._progress.read

    @property
    def room(self) -> int:
        """How many more events it can take now."""
        return max(0, min(_BATCH, _MOST_KEPT - self._progress.weight))

    def take(self, batch: Batch) -> bool:
        """Take up the events of a batch that it handles; true when there were any.

        Raises:
            EpochChanged: the journal was restored since the checkpoint.
        """
        # A head before our place: the journal lost its end without anybody starting a new epoch.
        if self._epoch not in {"", batch.epoch} or batch.head < self._progress.read:
            raise EpochChanged(had=self._epoch, has=batch.epoch, position=self._progress.floor)
        self._epoch = batch.epoch
        for record in batch.records:
            handler = self._handler(record)
            if handler is not None and self._progress.begin(record.position):
                self._lanes.add(Job(record, handler))
        self._progress.looked(batch.through)
        self._live = batch.through >= batch.head
        return bool(batch.records)

    def pump(self) -> bool:
        """Do whatever can be done now; true when something was."""
        moved = self._collect()
        now_s = time.monotonic()
        if self._rest.not_before_s > now_s:
            return moved
        jobs = self._lanes.ready(now_s, _BATCH)
        busy = self._lanes.busy(now_s) | {
            t.key for t, tries in self._timers.items() if tries.not_before_s > now_s
        }
        try:
            if not jobs and next(self._acts(jobs, busy), None) is None:
                return moved
            self._together(jobs, busy)
        except StoreAway:
            self._rest.rest(now_s, random.random())  # noqa: S311 - jitter
            return moved
        self._rest = Tries()
        return True

    def save_lazily(self, *, at_once: bool = False) -> None:
        """Move the checkpoint over events that nobody handled, at most once a second."""
        floor, at_s = self._saved
        late = at_once or time.monotonic() - at_s >= _SAVE_EVERY_S
        if late and self._progress.floor > floor:
            with self._unit(set()):
                pass

    def _handler(self, record: Record) -> Handler | None:
        handler = self._handlers.get(record.type)
        if handler is None:
            self.counts.unknown += not _known(record.type)
            return None
        since = self._subscriber.react_since
        if handler.mode is Mode.REACT and since is not None and record.sequenced_at_us < to_us(since):
            self.counts.too_old += 1
            return None
        return handler

    def _collect(self) -> bool:
        """Take back the work that is done."""
        moved = False
        while True:
            try:
                job, future = self._back.get_nowait()
            except Empty:
                return moved
            moved, job.away = True, False
            error = future.exception()
            if error is None:
                job.worked, job.value = True, future.result()
            else:
                self._failed(job, error)

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
            with self._unit(busy) as unit:
                for act in acts:
                    self._run(act, unit)
        except (StoreAway, Superseded):
            raise
        except Exception as error:  # noqa: BLE001 - a handler may raise anything; the reason is kept
            return error
        return None

    def _acts(self, jobs: list[Job], busy: set[str]) -> Iterator[Act]:
        """Put timers between events: one that was due before an event runs before it, however late we are."""
        for job in jobs:
            yield from self._due(job.moment_us, busy)
            if job.key not in busy:
                yield job
        if self._live and not jobs:
            yield from self._due(to_us(self._tools.clock()), busy)

    def _due(self, until_us: int, busy: set[str]) -> Iterator[DueTimer]:
        if self._subscriber.on_timer is None:
            return
        while True:
            due = self._ledger.due(until_us, _TIMERS_AT_ONCE)
            timer = next((t for t in due if t.key not in busy), None)
            if timer is None:
                return
            yield timer

    @contextmanager
    def _unit(self, busy: set[str]) -> Iterator[Unit]:
        """Run a transaction that moves the checkpoint, and change the memory only when it has committed."""
        unit = Unit(self._progress.copy(), busy, self._tools.clock())
        try:
            with self._tools.store.transaction():
                yield unit
                streak = 0 if unit.handled else self._breaker.streak
                self._ledger.save(self._epoch, unit.progress, streak)
        except BaseException:
            self._ledger.next_due_us = None
            raise
        self._adopt(unit)

    def _adopt(self, unit: Unit) -> None:
        self._progress = unit.progress
        self._saved = (unit.progress.floor, time.monotonic())
        for job in unit.finished:
            self._lanes.remove(job)
        self._breaker.succeeded(unit.handled)
        self.counts.handled += unit.handled
        self.counts.parked += unit.parked
        for job, given in unit.begun:
            self._send_away(job, given)

    def _send_away(self, job: Job, given: object) -> None:
        if job.handler.work is None:
            raise RuntimeError("only a handler with work is sent away")
        job.away = True
        affinity = str(getattr(given, "affinity", ""))
        future = self._tools.pool.submit(self._subscriber.name, job.handler.work, given, affinity)

        def back(done: Future[object]) -> None:
            self._back.put((job, done))
            self._tools.bell.set()

        future.add_done_callback(back)

    def _run(self, act: Act, unit: Unit) -> None:
        """Run one event or timer inside a transaction."""
        if act.key in self._parked:
            self._bury(act, unit, reason="its key waits behind a dead letter")
            unit.parked += 1
        elif isinstance(act, DueTimer):
            self._fire(act, unit)
        else:
            self._handle(act, unit)

    def _fire(self, timer: DueTimer, unit: Unit) -> None:
        self._ledger.drop_timer(timer.name, timer.key)
        self._ledger.next_due_us = None
        ctx = Context(Cause.of_timer(timer, self._subscriber.name), self._ledger, unit.now)
        if self._subscriber.on_timer is not None:
            self._subscriber.on_timer(Timer(timer.name, timer.key, ctx.moment), ctx)
        self._emit(ctx, unit)

    def _handle(self, job: Job, unit: Unit) -> None:
        ctx = Context(Cause.of_event(job.event(), self._subscriber.name), self._ledger, unit.now)
        value, handler = job.value, job.handler
        if not job.worked:
            value = job.event() if handler.gather is None else handler.gather(job.event(), ctx)
            if handler.work is not None and value is not None:
                unit.begun.append((job, value))
                unit.busy.add(job.key)
                return
            value = None if handler.gather is None else value
        handler.apply(job.event(), value, ctx)
        self._emit(ctx, unit)
        self._finish(job, unit)

    def _emit(self, ctx: Context, unit: Unit) -> None:
        if ctx.said:
            self._tools.emitter.emit(ctx.said, now=unit.now)
        unit.handled += 1

    def _finish(self, job: Job, unit: Unit) -> None:
        unit.progress.finish(job.position)
        unit.finished.append(job)

    def _failed(self, act: Act, error: BaseException) -> None:
        """Have a failed event or timer tried again, or bury it and park its key.

        Raises:
            BreakerOpen: too many fail.
        """
        tries = act.tries if isinstance(act, Job) else self._timers.setdefault(act, Tries())
        if not isinstance(error, NotNow):
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
                self._bury(act, unit, reason=type(error).__name__, traceback=where(error), attempts=attempts)
        except BaseException:
            self._breaker.streak = before
            raise
        self._parked.add(act.key)
        self.counts.buried += 1

    def _bury(self, act: Act, unit: Unit, *, reason: str, traceback: str = "", attempts: int = 0) -> None:
        if isinstance(act, Job):
            record = act.record
            self._finish(act, unit)
        else:
            record = Record(type=f"timer:{act.name}", partition_key=act.key, sequenced_at_us=act.at_us)
            self._ledger.drop_timer(act.name, act.key)
            self._ledger.next_due_us = None
        letter = DeadLetter(key=act.key, record=record, reason=reason, traceback=traceback, attempts=attempts)
        self._ledger.bury(letter, now=unit.now)


def _known(type_: str) -> bool:
    try:
        stream_of(type_)
    except UnknownType:
        return False
    return True
