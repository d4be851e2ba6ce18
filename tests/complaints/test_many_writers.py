"""Twelve writers at once, with random work and rollbacks: a sound journal, and a reader misses nothing."""

from __future__ import annotations

import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.database import DATABASE
from events.database.connecting import conninfo
from events.journal import record
from events.source import SqlJournalSource
from protocol.envelope import from_record
from tests.complaints.marks import ON_POSTGRES
from tests.complaints.soundness import assert_sound, rows_of
from tests.events.makers import NOW, by, submitted
from tests.rebuilding import empty_journal
from tests.sequencing import sequencer, settled

pytestmark = [*ON_POSTGRES, pytest.mark.slow]
_WRITERS = 12
# A unit: the cases it speaks of in its calls, and whether it is taken back at the end.
# The cases in one order: else most of the time goes by in deadlocks, which another test is about.
_UNIT = st.tuples(st.lists(st.integers(0, 3), min_size=1, max_size=4).map(sorted), st.integers(0, 9))
_WORK = st.lists(_UNIT, min_size=_WRITERS * 3, max_size=_WRITERS * 5)


def _write(units: list[tuple[list[int], int]], seed: int) -> list[str]:
    """Work on units one after another; gives what was committed, as `unit/call` names."""
    chance, committed = random.Random(seed), []
    try:
        for number, (cases, luck) in enumerate(units):
            names = [json.dumps([seed, number, call]) for call in range(len(cases))]
            _unit(names, cases, chance, taken_back=luck == 0)
            committed += names if luck else []
    finally:
        connections.close_all()
    return committed


def _unit(names: list[str], cases: list[int], chance: random.Random, *, taken_back: bool) -> None:
    with transaction.atomic():
        for name, case in zip(names, cases, strict=True):
            record([submitted(f"case-{case}", by=name)], now=NOW)
            time.sleep(chance.random() * 0.004)
        transaction.set_rollback(taken_back)


def _read(stop: threading.Event) -> list[str]:
    """Follow the journal as a subscriber does, in odd steps, until told to stop and nothing more comes."""
    source, at, read = SqlJournalSource(("verification.case",)), 0, []
    while True:
        ending = stop.is_set()
        batch = source.read(at, 7)
        read += [by(from_record(row)) for row in batch.records]
        at = batch.through
        if ending and not batch.records:
            connections.close_all()
            return read


@pytest.mark.usefixtures("empty")
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_WORK)
def test_twelve_writers_leave_a_sound_journal_and_a_reader_gets_all_of_it(
    work: list[tuple[list[int], int]],
) -> None:
    empty_journal()
    stop = threading.Event()
    with sequencer(), ThreadPoolExecutor(_WRITERS + 1) as threads:
        reading = threads.submit(_read, stop)
        writing = [threads.submit(_write, work[n::_WRITERS], n) for n in range(_WRITERS)]
        committed = [name for future in writing for name in future.result(60)]
        settled()
        stop.set()
        read = reading.result(30)

    assert_sound(rows_of(conninfo(DATABASE)))
    assert sorted(read) == sorted(committed)
