"""Warm vision processes: work goes to the one that has the pixels; who overruns is killed and replaced."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

__all__ = ["Failed", "Job", "Pool", "Report"]

# A step's deadline and its tries (DESIGN §5).
DEADLINE_S = 8.0
TRIES = 3
# A cold start loads OCR and the face models; only after it does the deadline make sense.
_WARM_UP_S = 60.0
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Failed:
    """No answer after all tries; `reason` is a code of the reason table, `detail` names no person."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """How one try of one job went, for the statistics: `outcome` is answered, failed or overran."""

    name: str
    outcome: str
    attempt: int
    waited_ms: float
    worked_ms: float


@dataclass(slots=True)
class Job:
    """One piece of work waiting for a process.

    `work(given)` is called in a vision process; `affinity` names the evidence whose pixels it reads, so that
    it goes where they lie decoded; among waiting jobs the lowest `priority` goes first.
    """

    name: str
    work: Callable[..., object]
    given: object
    affinity: str = ""
    priority: int = 5
    attempt: int = 1
    asked_at_s: float = 0.0
    answer: Future[object] = field(default_factory=Future)


class Pool:
    """A fixed number of warm spawned processes, one thread each.

    Spawned, never forked: threads of OpenMP do not survive a fork. `warm_up` is called in each new process
    before it takes work; `report` is called for each try, from the pool's threads.
    """

    def __init__(
        self,
        size: int,
        *,
        warm_up: Callable[[], None],
        report: Callable[[Report], None],
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._warm_up = warm_up
        self._report = report
        self._deadline_s = deadline_s
        self._waiting: list[Job] = []
        self._changed = threading.Condition()
        self._closed = False
        self._workers = [_Worker(number=n) for n in range(size)]
        self._threads = [
            threading.Thread(target=self._serve, args=(w,), name=f"vision-{w.number}", daemon=True)
            for w in self._workers
        ]
        for thread in self._threads:
            thread.start()

    @property
    def warm(self) -> int:
        """How many processes are ready for work."""
        return sum(worker.warm for worker in self._workers)

    @property
    def pids(self) -> list[int]:
        """The process ids of the running workers."""
        return [w.process.pid for w in self._workers if w.process is not None and w.process.pid]

    def submit(self, job: Job) -> Future[object]:
        """Queue a job; its future gives what the work returns, or `Failed`, and never raises."""
        with self._changed:
            job.asked_at_s = time.monotonic()
            self._waiting.append(job)
            self._changed.notify_all()
        return job.answer

    def close(self) -> None:
        """End all processes; what still waits is never answered."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for pid in self.pids:
            # Each thread clears up after its own process; this only makes sure that none waits for an answer.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for thread in self._threads:
            thread.join(timeout=5)

    def _serve(self, worker: _Worker) -> None:
        while not self._closed:
            if not worker.warm and not worker.start(self._warm_up):
                continue
            job = self._next(worker)
            if job is not None:
                self._run(worker, job)
        worker.kill()

    def _next(self, worker: _Worker) -> Job | None:
        """Take the first job this worker should do, waiting for one; None when the pool closes."""
        with self._changed:
            while not self._closed:
                best = min(
                    (j for j in self._waiting if self._is_for(worker, j)),
                    key=lambda j: (j.affinity not in worker.has, j.priority, j.asked_at_s),
                    default=None,
                )
                if best is not None:
                    self._waiting.remove(best)
                    worker.busy = True
                    return best
                self._changed.wait(timeout=1.0)
        return None

    def _is_for(self, worker: _Worker, job: Job) -> bool:
        """Leave a job to an idle process that has its pixels already; else whoever is free takes it."""
        if not job.affinity or job.affinity in worker.has:
            return True
        return not any(w.warm and not w.busy and job.affinity in w.has for w in self._workers)

    def _run(self, worker: _Worker, job: Job) -> None:
        began_s = time.monotonic()
        outcome, value = worker.ask(job.work, job.given, self._deadline_s)
        waited_ms = (began_s - job.asked_at_s) * 1000
        worked_ms = (time.monotonic() - began_s) * 1000
        self._report(Report(job.name, outcome, job.attempt, waited_ms, worked_ms))
        if outcome == "answered":
            worker.remember(job.affinity)
        with self._changed:
            worker.busy = False
            self._changed.notify_all()
        if outcome == "answered":
            job.answer.set_result(value)
        elif job.attempt < TRIES:
            job.attempt += 1
            self.submit(job)
        else:
            job.answer.set_result(Failed("step_failed", f"{job.name}: {outcome} {TRIES} times: {value}"))


# As many pictures as one process keeps decoded; see `pixels.py`.
_REMEMBERED = 4


@dataclass(slots=True)
class _Worker:
    number: int
    process: BaseProcess | None = None
    line: Connection | None = None
    warm: bool = False
    busy: bool = False
    has: list[str] = field(default_factory=list)

    def start(self, warm_up: Callable[[], None]) -> bool:
        """Spawn the process and wait until it is warm; tell whether it is."""
        self.kill()
        context = multiprocessing.get_context("spawn")
        self.line, theirs = context.Pipe()
        self.process = context.Process(target=_work_for_ever, args=(theirs, warm_up), daemon=True)
        self.process.start()
        theirs.close()
        self.has.clear()
        self.warm = self._heard(_WARM_UP_S)[0] == "answered"
        return self.warm

    def ask(self, work: Callable[..., object], given: object, deadline_s: float) -> tuple[str, object]:
        """Give the process one piece of work; answer (answered | failed | overran, the value or why not)."""
        try:
            self._open_line().send((work, given))
        except OSError as error:
            self.kill()
            return "failed", f"the process was gone: {type(error).__name__}"
        return self._heard(deadline_s)

    def _open_line(self) -> Connection:
        if self.line is None:
            raise OSError("the process was ended")
        return self.line

    def _heard(self, within_s: float) -> tuple[str, object]:
        try:
            line = self._open_line()
            if line.poll(within_s):
                ok, value = line.recv()
                return ("answered" if ok else "failed"), value
            outcome, why = "overran", f"no answer within {within_s:.0f} s"
        except (EOFError, OSError):
            outcome, why = "failed", "the process died"
        self.kill()
        return outcome, why

    def remember(self, affinity: str) -> None:
        """Note that the process now has this evidence decoded."""
        if affinity and affinity not in self.has:
            self.has.append(affinity)
            del self.has[:-_REMEMBERED]

    def kill(self) -> None:
        """End the process at once; a new one is started before the next work."""
        self.warm = False
        if self.process is not None and self.process.pid is not None:
            self.process.kill()
            self.process.join(timeout=5)
        if self.line is not None:
            self.line.close()
        self.process, self.line = None, None


def _work_for_ever(line: Connection, warm_up: Callable[[], None]) -> None:
    """Be a vision process: warm up, then answer one piece of work after another until the parent is gone."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for variable in ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = "1"
    warm_up()
    line.send((True, None))
    while True:
        try:
            work, given = line.recv()
        except EOFError:
            return
        try:
            answer = (True, work(given))
        except Exception as error:  # noqa: BLE001 - the process's outermost loop: the reason goes to the parent
            # The type only: a message may quote what was read from a document.
            answer = (False, type(error).__name__)
        line.send(answer)
