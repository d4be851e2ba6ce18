"""Event-sourced tables made anew from the journal, beside the live ones, while everybody goes on writing.

The new set lies in a scratch database. The live tables are compared with it; writers wait only while the last
events are caught up and rows that differ are put right. Until that one transaction commits, whatever happens,
the live tables are untouched. Sound tables are not written at all (`docs/decisions/0014`).
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from events.comparing import Difference, confirmed, differences, mend
from events.database import DATABASE, journal_database
from events.errors import SetAside
from events.history import Span, events
from events.journal import head, quarantined
from events.projections import apply_all, declared_models
from events.scratch import scratch, written_to
from subscriber.pacing import Pace

__all__ = ["Rebuilt", "Shadow", "as_of", "rebuild", "shadow"]

_CHUNK = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What a rebuild came to: `held_s` is how long writers waited; `differences` were mended if asked."""

    tables: int
    events: int
    position: int
    differences: tuple[Difference, ...]
    held_s: float


class Shadow:
    """The declared tables in a scratch database: the fold of the journal up to `position`."""

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self.position = 0
        self.events = 0

    def catch_up(self, through: int, pace: Pace | None = None) -> None:
        """Apply the events up to a position, in transactions of a thousand."""
        while self.position < through:
            until = min(self.position + _CHUNK, through)
            with written_to(self.alias, declared_models()), transaction.atomic(using=self.alias):
                for event in events(Span(after=self.position, through=until)):
                    apply_all(event)
                    self.events += 1
            if pace is not None:
                pace.passed(until - self.position)
            self.position = until

    def differences(self) -> list[Difference]:
        """Say which live rows are not the fold of the journal up to here."""
        return differences(declared_models(), self.alias)


@contextmanager
def shadow(file: Path | None = None) -> Iterator[Shadow]:
    """Make an empty shadow set, in a file that is not there yet, or in one that goes with the block."""
    with (
        tempfile.TemporaryDirectory(prefix="vouch-shadow-") as folder,
        scratch(file or Path(folder) / "shadow.sqlite3", declared_models()) as alias,
    ):
        yield Shadow(alias)


def rebuild(*, put_right: bool = True, pace: Pace | None = None) -> Rebuilt:
    """Make the tables anew, compare, and put the live rows that differ right.

    Args:
        put_right: False: only compare.
        pace: how fast history is read; live writers have the rest.

    Raises:
        SetAside: events in quarantine are in the tables and would be gone from them: release them first.
    """
    if put_right:
        # Said before the long work; looked at again when it is done.
        with transaction.atomic(using=DATABASE):
            journal_database().settle()
            _refuse_set_aside()
    with shadow() as made:
        made.catch_up(head().position, pace)
        # Writers go on: some of these are only rows that have moved since they were read.
        suspected = made.differences()
        found, held_s = _settle(made, suspected, put_right=put_right) if suspected else ([], 0.0)
        return Rebuilt(
            tables=len(declared_models()),
            events=made.events,
            position=made.position,
            differences=tuple(found),
            held_s=held_s,
        )


def _settle(made: Shadow, suspected: list[Difference], *, put_right: bool) -> tuple[list[Difference], float]:
    """Hold writers, catch up, and look again; only what differs now does so in truth."""
    since_s = time.monotonic()
    with transaction.atomic(using=DATABASE):
        journal_database().settle()
        made.catch_up(head().position)
        found = confirmed(suspected, made.alias)
        if found and put_right:
            _refuse_set_aside()
            # A wrong row may have led later events of its case astray: look at everything once.
            found = made.differences()
            mend(found, made.alias)
    return found, time.monotonic() - since_s


def _refuse_set_aside() -> None:
    if waiting := quarantined():
        raise SetAside(f"{len(waiting)} keys are in quarantine, {waiting[0].key} for one: release them first")


def as_of(position: int, file: Path) -> int:
    """Build the tables as they were at a position, into a file of their own; gives the events applied.

    Raises:
        FileExistsError: the file is there already, and may be somebody's.
    """
    if file.exists():
        raise FileExistsError(f"{file} is there already: name another one")
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with shadow(unfinished) as made:
        made.catch_up(position)
        count = made.events
    unfinished.rename(file)
    return count
