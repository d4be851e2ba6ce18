"""Wires the pipeline: steps on the journal or shared by Kafka, looks in warm processes, calls in threads."""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from config.environment import Environment
from config.health import say_pipeline_is_warm
from config.metering import follow, meters_of
from events import statistics
from events.emitting import JournalEmitter
from events.source import SqlJournalSource
from events.store import DjangoStore
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Meters, Runner, Subscriber
from subscriber import metrics as m
from subscriber.kafka import KafkaSettings, kafka_source
from subscriber.metering import Reading
from verification.dependencies.breaker import Breaker
from verification.dependencies.register import LicenceRegister
from verification.pipeline import (
    deadlines,
    facts,
    register,
    steps_document,
    steps_face,
    steps_judge,
    withdrawals,
)
from verification.pipeline.looks_document import warm_up
from verification.pipeline.step import Look, Step, as_subscriber
from verification.pipeline.workers import Job, Pool, Report

__all__ = ["STEPS", "NoCluster", "StepPool", "WrongStep", "chosen", "run"]

STEPS: tuple[Step, ...] = steps_document.STEPS + steps_face.STEPS + steps_judge.STEPS
_SAY_EVERY_S = 1.0
# Calls to the register wait, they do not work: as many as may be under way at once.
_CALLS = 16


class WrongStep(ValueError):
    """There is no step of a name that was given: choose one of those that the message lists."""


class NoCluster(ValueError):
    """A step is to be shared by Kafka, and no cluster is named: set VOUCH_KAFKA."""


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


def _note(report: Report, meters: Meters) -> None:
    """Keep how a try went, best effort."""
    meters.observe(m.STEP_WORK_SECONDS, report.worked_ms / 1000, report.name, report.outcome)
    meters.observe(m.STEP_WAIT_SECONDS, report.waited_ms / 1000, report.name)
    finished = v.StepFinished(
        step=report.name,
        outcome=report.outcome,
        total_ms=report.waited_ms + report.worked_ms,
        work_ms=report.worked_ms,
        attempt=report.attempt,
    )
    statistics.note(finished, subject="", client="", now=datetime.now(UTC))


def subscribers(settings: Environment) -> tuple[Subscriber, ...]:
    """List everything that the pipeline does."""
    licences = LicenceRegister(settings.register_url, Breaker(draw=random.random), time.monotonic)
    steps = tuple(as_subscriber(step) for step in STEPS)
    return (*steps, register.subscriber(licences.check), deadlines.subscriber(), withdrawals.subscriber())


def chosen(
    settings: Environment, *, only: Collection[str] = (), without: Collection[str] = ()
) -> list[Subscriber]:
    """List what one process does.

    Args:
        settings: the operator's.
        only: names of steps, as `subscribers` has them without `step.`; none: all of them.
        without: names of steps that other processes do.

    Raises:
        WrongStep: there is no step of that name.
    """
    named = {s.name.removeprefix("step."): s for s in subscribers(settings)}
    if wrong := (set(only) | set(without)) - named.keys():
        raise WrongStep(f"no step is named {', '.join(sorted(wrong))}; there are {', '.join(sorted(named))}")
    return [s for name, s in named.items() if (not only or name in only) and name not in without]


def run(
    settings: Environment, stop: threading.Event, listed: Sequence[Subscriber], *, by_kafka: bool = False
) -> None:
    """Run subscribers until told to stop.

    Args:
        settings: the operator's.
        stop: set when it is time to end.
        listed: what this process does.
        by_kafka: share each step's partitions with the other processes that do it, as a consumer group;
            without, a step's work is all done here.

    Raises:
        NoCluster: by Kafka, and there is none.
        SubscriberError: a step cannot go on; the message says what to do.
    """
    if by_kafka and settings.kafka is None:
        raise NoCluster("VOUCH_KAFKA names no cluster: without one a step is not shared")
    _make_tables()
    # Others of the kind run on this machine too: each has its own place to tell its metrics.
    meters = meters_of(f"pipeline-{os.getpid()}" if by_kafka else "pipeline")
    looks = Pool(settings.workers, warm_up=warm_up, report=partial(_note, meters=meters))
    meters.read("workers", lambda: [Reading(m.WORKERS_WARM, looks.warm)])
    # Whether the pipeline is warm is for the process to say that has all of it, or the rest of it.
    for beside in (_write_statistics,) if by_kafka else (_keep_saying, _write_statistics):
        threading.Thread(target=beside, args=(looks, stop), name=beside.__name__, daemon=True).start()
    priorities = {f"step.{step.name}": step.priority for step in STEPS}
    with meters, ThreadPoolExecutor(_CALLS, thread_name_prefix="calls") as calls:
        try:
            pool = StepPool(looks, calls, priorities)
            if settings.kafka is not None and by_kafka:
                _run_shared(listed, settings.kafka, Beside(pool, meters), stop)
            else:
                _run_all(listed, Beside(pool, meters), stop)
        finally:
            looks.close()


def _make_tables() -> None:
    store = DjangoStore("default")
    with store.transaction():
        store.execute(facts.TABLE)
        store.execute(register.TABLE)


@dataclass(frozen=True, slots=True)
class Beside:
    """What runners share: where work is done, and where they tell how far they are."""

    pool: StepPool
    meters: Meters


def _run_all(listed: Sequence[Subscriber], beside: Beside, stop: threading.Event) -> None:
    streams = tuple(sorted({stream for s in listed for stream in s.streams}))
    source, emitter = SqlJournalSource(streams), JournalEmitter("verification")
    runner = Runner(listed, source, DjangoStore("default"), emitter, pool=beside.pool)
    follow(beside.meters, runner)
    runner.run(stop)


def _run_shared(
    listed: Sequence[Subscriber], kafka: KafkaSettings, beside: Beside, stop: threading.Event
) -> None:
    """Run each step in a thread of its own; the first that cannot go on ends them all."""

    def share(one: Subscriber) -> None:
        try:
            source = kafka_source(kafka, one.name, one.streams, SqlJournalSource(one.streams))
            store, emitter = DjangoStore("default"), JournalEmitter("verification")
            runner = Runner([one], source, store, emitter, pool=beside.pool)
            follow(beside.meters, runner, one.name)
            runner.run(stop)
        finally:
            stop.set()

    with ThreadPoolExecutor(len(listed), thread_name_prefix="step") as threads:
        for ended in [threads.submit(share, one) for one in listed]:
            ended.result()


def _write_statistics(_looks: Pool, stop: threading.Event) -> None:
    statistics.write_until(stop)


def _keep_saying(looks: Pool, stop: threading.Event) -> None:
    while not stop.wait(_SAY_EVERY_S):
        # A disk that is full now may not be so later: this thread has to be there then.
        with contextlib.suppress(OSError):
            say_pipeline_is_warm(looks.warm)
