"""Several cases at once, their work in vision processes that give way to whoever works live."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Protocol

from protocol.otherwise import CaseAnswers
from verification.pipeline.step import Step
from verification.pipeline.workers import Job
from verification.rescoring.again import again
from verification.rescoring.aside import Aside, look_aside
from verification.rescoring.history import PastCase

__all__ = ["Looks", "rescore"]

# One case more than there are processes: while the facts of one are read, every process has work.
_SPARE: Final = 1


class Looks(Protocol):
    """Where work is done; `verification.pipeline.workers.Pool` is one."""

    def submit(self, job: Job) -> Future[object]:
        """Do a job; its future gives what the work returns, or `Failed`."""


def rescore(
    cases: Iterable[PastCase], steps: Sequence[Step], looks: Looks, *, processes: int
) -> Iterator[CaseAnswers]:
    """Run steps over cases again, and give each case's answers as soon as it is done with.

    What steps cut from evidence lies in a folder of the case's own, which goes with it.

    Raises:
        KeysAway: the key store cannot answer: go on later.
    """
    waiting, under_way = iter(cases), dict[Future[object], _Doing]()
    with TemporaryDirectory(prefix="rescore-") as folder:

        def go_on(doing: _Doing, found: object) -> Iterator[CaseAnswers]:
            came_to = doing.go_on(found)
            if isinstance(came_to, CaseAnswers):
                yield came_to
            else:
                under_way[looks.submit(came_to)] = doing

        while True:
            while len(under_way) < processes + _SPARE and (past := next(waiting, None)) is not None:
                yield from go_on(_Doing(past, steps, Path(folder) / past.id), None)
            if not under_way:
                return
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                yield from go_on(under_way.pop(future), future.result())


class _Doing:
    """A case under way."""

    def __init__(self, past: PastCase, steps: Sequence[Step], folder: Path) -> None:
        self._rest, self._folder = again(past, steps), folder

    def go_on(self, found: object) -> Job | CaseAnswers:
        """Go on with what the last work found, None at first; gives the next work, or the end."""
        try:
            wanted = self._rest.send(found)
        except StopIteration as ended:
            shutil.rmtree(self._folder, ignore_errors=True)
            answers: CaseAnswers = ended.value
            return answers
        return Job(
            name=wanted.step.name,
            work=look_aside,
            given=Aside(wanted.work, wanted.look.given, str(self._folder)),
            affinity=wanted.look.affinity,
            priority=wanted.step.priority,
        )
