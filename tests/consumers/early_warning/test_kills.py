"""Killed at any moment under load, the service warns of each trouble once."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from uuid import UUID

import pytest

from protocol.envelope import Event, from_record, to_record
from protocol.schemas import dependency_v1_pb2 as dependency
from protocol.schemas import early_warning_v1_pb2 as warning
from tests.changing import changed
from tests.consumers.door import door, write_run_file
from tests.consumers.early_warning.stories import RISES_AT, at_us, called, quiet, rising
from tests.consumers.journal import MemoryJournal
from tests.consumers.killing import kept_coming, running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

# Registers that grow slow one group after another, a kill with each.
_KILLS, _A_GROUP, _RISEN_S = 3, 2, 165
_GROUPS = [range(first, first + _A_GROUP) for first in range(0, (_KILLS + 1) * _A_GROUP, _A_GROUP)]
_REGISTERS = [number for group in _GROUPS for number in group]
_Call = dependency.CallAsked | dependency.CallAnswered | dependency.CallFailed


def until_now(events: Iterable[Event], registers: Iterable[int]) -> list[Event]:
    """Have a story end now, for each of some registers."""
    told, late_us = list(events), time.time_ns() // 1_000 - at_us(RISES_AT + _RISEN_S)
    return [_moved(one, number, late_us) for number in registers for one in told]


def _moved(event: Event, number: int, late_us: int) -> Event:
    said = type(event.message)()
    said.CopyFrom(event.message)
    assert isinstance(said, _Call)
    said.dependency = f"register_{number}"
    record, moment_us = event.envelope.record, event.envelope.record.occurred_at_us + late_us
    moved = changed(
        event,
        id=UUID(int=(UUID(bytes=record.id).int << 8) + number).bytes,
        subject=f"{record.subject} of {number}",
        occurred_at_us=moment_us,
        recorded_at_us=moment_us,
        sequenced_at_us=moment_us,
    )
    return Event(moved, said)


def warned(journal: MemoryJournal) -> Counter[str]:
    """Count the warnings of each subject."""
    said = (from_record(one).message for one in journal.records if one.stream == "operations.warning")
    return Counter(one.about if isinstance(one, warning.WarningRaised) else "ended" for one in said)


def until(holds: Callable[[], bool]) -> None:
    until_s = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until_s, "nobody is warned"
        time.sleep(0.05)


def test_killed_again_and_again_it_warns_of_each_trouble_once(tmp_path: Path) -> None:
    chance, journal = random.Random(3), MemoryJournal()

    def append(events: list[Event]) -> None:
        journal.append([to_record(event) for event in events])

    def slow_calls(times: int) -> None:
        # Ten a second, of one register after another: whatever has grown slow stays so.
        if times % 2 == 0:
            call = called(RISES_AT + _RISEN_S - 3, 2_900, case=f"later-{times}")
            append(until_now(call, [_REGISTERS[times % _A_GROUP]]))

    append(until_now(quiet(), _REGISTERS))
    with door(journal) as url, kept_coming(slow_calls):
        write_run_file(tmp_path, url, "early_warning")
        for group in _GROUPS[:-1]:
            before = warned(journal).total()
            append(until_now(rising(RISES_AT + _RISEN_S), group))
            with running("early_warning", tmp_path):
                until(lambda at=before: warned(journal).total() > at)  # type: ignore[misc]  # its own count
                time.sleep(chance.random() * 0.2)
        in_kills = warned(journal).total()
        append(until_now(rising(RISES_AT + _RISEN_S), _GROUPS[-1]))
        with running("early_warning", tmp_path):
            until(lambda: len(warned(journal)) == len(_REGISTERS))
            time.sleep(0.5)

    assert _KILLS <= in_kills < len(_REGISTERS)
    assert warned(journal) == Counter({f"dependency/register_{number}": 1 for number in _REGISTERS})
