"""All hops of a case: what is left of the way to its decision when the steps' own time is taken away.

Genuine cases are played one after another on the running product, embedded. The decision is followed back by
its causes to the upload that it waited for; of each link, from one event's sequencing to the next one's, the
time that its step waited for a worker and worked is not a hop's. Writing the next event is.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from config.ports import free_port
from examples.demo.cases import fresh_seed, genuine, register_rows
from examples.demo.following import Follower
from examples.demo.playing import Stage, play
from examples.demo.serving import Served, serve
from protocol.ids import caused_id
from protocol.schemas import dependency_v1_pb2 as d
from protocol.schemas import verification_v1_pb2 as v
from tests.specimens.holders import HOLDERS

__all__ = ["CaseHops", "case_hops"]

_DECISION = "vouch.decisions.v1.DecisionReached"
_FINISHED, _ANSWERED = v.StepFinished.DESCRIPTOR.full_name, d.CallAnswered.DESCRIPTOR.full_name
# A handler says a handful of events at most, of which one leads on.
_SAID_AT_MOST: Final = 16
_MS: Final = 1_000


@dataclass(frozen=True, slots=True)
class CaseHops:
    """One case: its links from the upload to the decision, and what they took without the steps, ms."""

    links: int
    ms: float


@dataclass(frozen=True, slots=True)
class _Said:
    """An event of the case, as far as its way is concerned."""

    id: UUID
    type: str
    causation: str
    at_us: int
    payload: bytes


def case_hops(cases: int) -> list[CaseHops]:
    """Play so many genuine cases and measure each."""
    with tempfile.TemporaryDirectory(prefix="vouch-bench-") as folder:
        data = Path(folder)
        (data / "register.json").write_text(json.dumps({"licences": register_rows(), "fault": None}))
        with serve(data, free_port()) as served:
            return [_measured(data, case) for case in _play(served, cases)]


def _play(served: Served, cases: int) -> Iterator[str]:
    """Give the name of each case that was decided for good."""
    key, holders = served.add_client("Benchmark Ltd"), list(HOLDERS.values())
    with Follower(served.url, key, lambda _: None) as follower:
        for n in range(cases):
            served.wait_until_ready()
            played = play(genuine(fresh_seed(), holders[n % len(holders)]), Stage(served.url, key, follower))
            print(f"{n + 1:3}/{cases}", file=sys.stderr, flush=True)
            if played.decision is not None:
                yield played.case


def _measured(data: Path, case: str) -> CaseHops:
    # The statistics are written twice a second.
    time.sleep(1.0)
    said, steps = _events(data, case), _steps(data)
    links = list(_links(said))
    took_us = sum(after.at_us - before.at_us - _own_us(before, after, steps) for before, after in links)
    return CaseHops(len(links), took_us / _MS)


def _events(data: Path, case: str) -> dict[str, _Said]:
    """Read the events of a case by their ids."""
    asked = (
        "SELECT id, type, causation, sequenced_at_us, payload FROM journal "
        "WHERE partition_key = ? ORDER BY position"
    )
    found = _rows(data / "main.sqlite3", asked, case)
    return {str(UUID(bytes=row[0])): _Said(UUID(bytes=row[0]), *row[1:]) for row in found}


def _steps(data: Path) -> list[tuple[str, int, int]]:
    """Read the tries of steps: the step, when it ended, us, and how long it waited and worked, us."""
    found = _rows(
        data / "statistics.sqlite3",
        "SELECT noted_at_us, payload FROM events_statistic WHERE type = ?",
        _FINISHED,
    )
    tries = [(noted_us, v.StepFinished.FromString(payload)) for noted_us, payload in found]
    return [(f"step.{said.step.removeprefix('step.')}", at, round(said.total_ms * _MS)) for at, said in tries]


def _links(said: dict[str, _Said]) -> Iterator[tuple[_Said, _Said]]:
    """Follow the last decision's causes back to what no event of the case caused."""
    after = [one for one in said.values() if one.type == _DECISION][-1]
    while (before := said.get(after.causation)) is not None:
        yield before, after
        after = before


def _own_us(before: _Said, after: _Said, steps: list[tuple[str, int, int]]) -> int:
    """Tell how long the step between two events waited for a worker and worked; 0: no step was between."""
    if after.type == _ANSWERED:
        return d.CallAnswered.FromString(after.payload).took_ms * _MS
    within = [
        one for one in steps if before.at_us <= one[1] <= after.at_us and _is_from(after, before, one[0])
    ]
    return max((took_us for _, _, took_us in within), default=0)


def _is_from(after: _Said, before: _Said, step: str) -> bool:
    """Tell whether a step said an event because of another: an event's id is made of both."""
    return any(caused_id(before.id, step, n) == after.id for n in range(_SAID_AT_MOST))


def _rows(file: Path, sql: str, *values: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return connection.execute(sql, values).fetchall()
