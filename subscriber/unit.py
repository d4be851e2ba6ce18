"""What a follower works with, and what one of its transactions is about to change."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from subscriber.context import Emitter
from subscriber.lanes import Job
from subscriber.ledger import DueTimer
from subscriber.pool import WorkPool
from subscriber.progress import Progress
from subscriber.store import Store

__all__ = ["Act", "Counts", "Tools", "Unit"]

# What runs in a transaction: an event through its handler, or a timer that has come due.
Act = Job | DueTimer


@dataclass(frozen=True, slots=True)
class Tools:
    """What every follower of a runner shares; `bell` is rung when work comes back."""

    store: Store
    emitter: Emitter
    pool: WorkPool
    clock: Callable[[], datetime]
    bell: threading.Event


@dataclass(slots=True)
class Counts:
    """What became of the events: nothing is skipped without being counted."""

    handled: int = 0
    unknown: int = 0
    too_old: int = 0
    parked: int = 0
    buried: int = 0


@dataclass(slots=True)
class Unit:
    """What one transaction is about to change in memory; thrown away when it rolls back."""

    progress: Progress
    busy: set[str]
    now: datetime
    finished: list[Job] = field(default_factory=list)
    begun: list[tuple[Job, object]] = field(default_factory=list)
    handled: int = 0
    parked: int = 0
