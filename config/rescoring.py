"""Wires a re-scoring: this build's steps, past evidence, processes that give way, a file to go on with."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from config.pipeline import STEPS
from events.guard import only_reading
from protocol.otherwise import CaseAnswers
from verification.pipeline.looks_document import warm_up
from verification.pipeline.workers import Pool
from verification.rescoring.aside import warm_up_calmly
from verification.rescoring.choosing import chosen
from verification.rescoring.history import Window, cases_of, past_case
from verification.rescoring.keeping import Kept
from verification.rescoring.running import rescore

__all__ = ["Load", "Rescoring", "rescored"]

# Nobody waits: only what hangs is given up.
_DEADLINE_S: Final = 120.0
_SAY_EVERY_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much of the machine it may have: processes, and how far they give way to others (0 to 19)."""

    processes: int = 1
    nice: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescoring:
    """What is done again: `limit` is the most cases, `out` the file that takes the answers; None: no such."""

    window: Window
    steps: frozenset[str] = frozenset()
    checks: frozenset[str] = frozenset()
    limit: int | None = None
    out: Path | None = None


def rescored(
    asked: Rescoring, load: Load, stop: threading.Event, progress: Callable[[int, int], None]
) -> Iterator[CaseAnswers]:
    """Give the answers of each case: those that the file has already, then those that it lacks.

    Raises:
        UnknownStep: a step or check is asked for that there is not.
        KeysAway: the key store cannot answer: go on later.
        ValueError: the file holds something else.
    """
    steps, kept = chosen(STEPS, named=asked.steps, checks=asked.checks), Kept(asked.out)
    done: set[str] = set()
    for case in kept.before():
        done.add(case.case)
        yield case
    with only_reading():
        left = [case for case in cases_of(asked.window) if case not in done][: asked.limit]
        if not left:
            return
        past = (past_case(case, asked.window) for case in left)
        said_s = time.monotonic()
        with kept.going_on(), closing(_looks(load)) as looks:
            for number, case in enumerate(rescore(past, steps, looks, processes=load.processes), 1):
                kept.keep(case)
                yield case
                if time.monotonic() - said_s > _SAY_EVERY_S:
                    progress(number, len(left))
                    said_s = time.monotonic()
                if stop.is_set():
                    return


def _looks(load: Load) -> Pool:
    calmly = partial(warm_up_calmly, load.nice, warm_up)
    return Pool(load.processes, warm_up=calmly, report=lambda _: None, deadline_s=_DEADLINE_S)
