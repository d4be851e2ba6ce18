"""Work that is being done in the pool, and what has come back from it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from queue import Empty, SimpleQueue

from subscriber.lanes import Job
from subscriber.unit import Tools

__all__ = ["Away"]


class Away:
    """Sends the work of one subscriber's events to the pool, and rings the bell for what comes back."""

    def __init__(self, subscriber: str, tools: Tools) -> None:
        self._name = subscriber
        self._tools = tools
        self._back: SimpleQueue[tuple[Job, Future[object]]] = SimpleQueue()

    def send(self, job: Job, given: object) -> None:
        """Have an event's work done."""
        if job.handler.work is None:
            raise RuntimeError("only a handler with work is sent away")
        job.away = True
        affinity = str(getattr(given, "affinity", ""))
        future = self._tools.pool.submit(self._name, job.handler.work, given, affinity)

        def back(done: Future[object]) -> None:
            self._back.put((job, done))
            self._tools.bell.set()

        future.add_done_callback(back)

    def back(self) -> Iterator[tuple[Job, Future[object]]]:
        """Give what has come back, without waiting; work that nobody waits for any more is left out."""
        while True:
            try:
                job, future = self._back.get_nowait()
            except Empty:
                return
            if not job.forgotten:
                job.away = False
                yield job, future
