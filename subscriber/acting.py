"""One event or timer in its transaction: through its handler, or to the dead letters if its key is parked."""

from __future__ import annotations

from protocol.records import as_record
from subscriber.context import Cause, Context, EventCause, Timer, TimerCause
from subscriber.declare import Subscriber
from subscriber.doing import while_doing
from subscriber.lanes import Job
from subscriber.ledger import DeadLetter, DueTimer, Ledger, timer_record
from subscriber.unit import Act, Tools, Unit, doing_of

__all__ = ["Actor"]


class Actor:
    """Runs one subscriber's handlers; `parked` has the keys that wait behind a dead letter."""

    def __init__(self, subscriber: Subscriber, tools: Tools, ledger: Ledger) -> None:
        self._subscriber = subscriber
        self._tools = tools
        self._ledger = ledger
        self.parked: set[str] = set()

    def run(self, act: Act, unit: Unit) -> None:
        """Run one event or timer."""
        with while_doing(doing_of(act, self._subscriber.name)):
            if act.key in self.parked and self._still_parked(act.key):
                self.bury(act, unit, reason="its key waits behind a dead letter")
                unit.parked += 1
            elif isinstance(act, DueTimer):
                self._fire(act, unit)
            else:
                self._handle(act, unit)

    def bury(self, act: Act, unit: Unit, *, reason: str, traceback: str = "", attempts: int = 0) -> None:
        """Keep an event or timer among the dead letters, and be done with it."""
        if isinstance(act, Job):
            record = as_record(act.record)
            _finish(act, unit)
        else:
            record = timer_record(act)
            self._drop(act, unit)
        letter = DeadLetter(key=act.key, record=record, reason=reason, traceback=traceback, attempts=attempts)
        self._ledger.bury(letter, now=unit.now)

    def _still_parked(self, key: str) -> bool:
        """Ask the table: another process may have redriven the key's letters since."""
        if self._ledger.is_parked(key):
            return True
        self.parked.discard(key)
        return False

    def _fire(self, timer: DueTimer, unit: Unit) -> None:
        self._drop(timer, unit)
        ctx = self._context(TimerCause(timer, self._subscriber.name), unit)
        if self._subscriber.on_timer is not None:
            self._subscriber.on_timer(Timer(timer.name, timer.key, ctx.moment), ctx)
        self._emit(ctx, unit)

    def _drop(self, timer: DueTimer, unit: Unit) -> None:
        unit.standing.touch(timer.key)
        self._ledger.drop_timer(timer.name, timer.key)
        self._ledger.next_due_us = None
        unit.fired.append(timer)

    def _handle(self, job: Job, unit: Unit) -> None:
        ctx = self._context(EventCause(job.event(), self._subscriber.name), unit)
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
        _finish(job, unit)

    def _context(self, cause: Cause, unit: Unit) -> Context:
        return Context(cause, self._ledger, unit.now, replaying=self._tools.replaying, kept=unit.kept)

    def _emit(self, ctx: Context, unit: Unit) -> None:
        if ctx.said:
            self._tools.emitter.emit(ctx.said, now=unit.now)
        unit.handled += 1


def _finish(job: Job, unit: Unit) -> None:
    unit.standing.finish(job.record)
    unit.finished.append(job)
