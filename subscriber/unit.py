"""What a follower works with, and what one of its transactions is about to change."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from protocol.trace import of_subject
from subscriber.context import Emitter, Kept
from subscriber.doing import Doing
from subscriber.lanes import Job
from subscriber.ledger import DueTimer
from subscriber.pool import WorkPool
from subscriber.standing import Standing
from subscriber.store import Store

__all__ = ["Act", "Tools", "Unit", "doing_of"]

# What runs in a transaction: an event through its handler, or a timer that has come due.
Act = Job | DueTimer


def doing_of(act: Act, subscriber: str) -> Doing:
    """Tell what a subscriber is at while it runs an event, or a timer: that one has its case's own trace."""
    traceparent = act.record.traceparent if isinstance(act, Job) else of_subject(act.key)
    return Doing(traceparent, act.key, subscriber)


@dataclass(frozen=True, slots=True)
class Tools:
    """What every follower of a runner shares; `bell` is rung when work comes back.

    `replaying`: this is a rebuild, nothing but the subscriber's own rows may come of it.
    """

    store: Store
    emitter: Emitter
    pool: WorkPool
    clock: Callable[[], datetime]
    bell: threading.Event
    replaying: bool = False


@dataclass(slots=True)
class Unit:
    """What one transaction is about to change in memory; thrown away when it rolls back."""

    standing: Standing
    busy: set[str]
    now: datetime
    finished: list[Job] = field(default_factory=list)
    fired: list[DueTimer] = field(default_factory=list)
    begun: list[tuple[Job, object]] = field(default_factory=list)
    handled: int = 0
    parked: int = 0
    kept: Kept = field(default_factory=dict)

    def write(self) -> None:
        """Write what the handlers have left to the end of the transaction."""
        for _, write in self.kept.values():
            write()
