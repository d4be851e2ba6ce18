"""Wires the pipeline: every step on the journal, its work in warm vision processes, calls in threads."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from config.environment import Environment
from config.health import say_pipeline_is_warm
from events import statistics
from events.emitting import JournalEmitter
from events.source import SqlJournalSource
from events.store import DjangoStore
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Runner, Subscriber
from verification.dependencies.breaker import Breaker
from verification.dependencies.register import LicenceRegister
from verification.pipeline import deadlines, facts, register, steps_document, steps_face, steps_judge
from verification.pipeline.looks_document import warm_up
from verification.pipeline.step import Look, Step, as_subscriber
from verification.pipeline.workers import Job, Pool, Report

__all__ = ["STEPS", "StepPool", "run"]

STEPS: tuple[Step, ...] = steps_document.STEPS + steps_face.STEPS + steps_judge.STEPS
_SAY_EVERY_S = 1.0
# Calls to the register wait, they do not work: as many as may be under way at once.
_CALLS = 16


@dataclass(slots=True)
class StepPool:
    """Where steps' work is done: looks in vision processes, calls to dependencies in threads."""

    looks: Pool
    calls: ThreadPoolExecutor
    priorities: dict[str, int]

    def submit(self, name: str, work: Callable[..., object], given: object, affinity: str) -> Future[object]:
        """Do the work of a subscriber; the future gives its value, or `Failed`."""
        wanted = given.given if isinstance(given, Look) else given
        if name == register.NAME:
            return self.calls.submit(work, wanted)
        return self.looks.submit(
            Job(name=name, work=work, given=wanted, affinity=affinity, priority=self.priorities.get(name, 5))
        )


def _note(report: Report) -> None:
    """Keep how a try went, best effort."""
    finished = v.StepFinished(
        step=report.name,
        outcome=report.outcome,
        total_ms=report.waited_ms + report.worked_ms,
        work_ms=report.worked_ms,
        attempt=report.attempt,
    )
    statistics.note(finished, subject="", client="", now=datetime.now(UTC))


def subscribers(settings: Environment) -> tuple[Subscriber, ...]:
    """List what follows the journal in this process."""
    licences = LicenceRegister(settings.register_url, Breaker(draw=random.random), time.monotonic)
    steps = tuple(as_subscriber(step) for step in STEPS)
    return (*steps, register.subscriber(licences.check), deadlines.subscriber())


def run(settings: Environment, stop: threading.Event) -> None:
    """Run every step until told to stop."""
    store = DjangoStore("default")
    with store.transaction():
        store.execute(facts.TABLE)
        store.execute(register.TABLE)
    looks = Pool(settings.workers, warm_up=warm_up, report=_note)
    for beside in (_keep_saying, _write_statistics):
        threading.Thread(target=beside, args=(looks, stop), name=beside.__name__, daemon=True).start()
    listed = subscribers(settings)
    priorities = {f"step.{step.name}": step.priority for step in STEPS}
    streams = tuple(sorted({stream for s in listed for stream in s.streams}))
    with ThreadPoolExecutor(_CALLS, thread_name_prefix="calls") as calls:
        try:
            pool = StepPool(looks, calls, priorities)
            source, emitter = SqlJournalSource(streams), JournalEmitter("verification")
            Runner(listed, source, store, emitter, pool=pool).run(stop)
        finally:
            looks.close()


def _write_statistics(_looks: Pool, stop: threading.Event) -> None:
    statistics.write_until(stop)


def _keep_saying(looks: Pool, stop: threading.Event) -> None:
    while not stop.wait(_SAY_EVERY_S):
        say_pipeline_is_warm(looks.warm)
