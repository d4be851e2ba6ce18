"""Killed at any moment under load, the service has decided what it would have undisturbed, and once."""

from __future__ import annotations

import random
import time
from pathlib import Path
from uuid import UUID

import pytest

from consumers.decisions.service import SPEC
from protocol.checks import CHECKS
from protocol.envelope import Event, to_record
from protocol.ids import to_us
from tests.changing import changed
from tests.consumers.decisions.histories import START, checks, evidence, number, opening
from tests.consumers.door import door, write_run_file
from tests.consumers.journal import MemoryJournal, Service
from tests.consumers.killing import kept_coming, running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

_KILLS, _CASES_AT_ONCE, _OF_A_CASE = 4, 2, 20
_DECISIONS = "decisions.decision"
# A portion that comes when the service has been killed for the last time.
_LAST = 1_000_000


def cases(first: int, chance: random.Random) -> list[Event]:
    """Tell of some cases, their events mixed; every third has a doubt."""
    told = [_case(n, chance) for n in range(first, first + _CASES_AT_ONCE)]
    return [event for step in zip(*told, strict=True) for event in step]


def _case(n: int, chance: random.Random) -> list[Event]:
    doubt = {str(chance.choice(CHECKS)): chance.choice(["suspected", "rejected"])} if n % 3 == 0 else {}
    said = (*opening("full"), evidence("front"), *checks(on=3, **doubt))
    events = (number(message, keyseq, case=f"case-{n}") for keyseq, message in enumerate(said, 1))
    ids = (UUID(int=n * _OF_A_CASE + place) for place in range(1, len(said) + 1))
    return [Event(changed(one, id=id_.bytes), one.message) for one, id_ in zip(events, ids, strict=True)]


def decided(journal: MemoryJournal) -> list[bytes]:
    return [record.id for record in journal.records if record.stream == _DECISIONS]


def undisturbed(folder: Path, journal: MemoryJournal) -> list[bytes]:
    """Give what a service that nobody kills says of the same events in the same order."""
    again = MemoryJournal()
    again.append([record for record in journal.records if record.stream != _DECISIONS])
    service = Service(SPEC, folder, again, clock_us=to_us(START))
    service.settle(within_s=60)
    service.store.close()
    return decided(again)


def until_decided(journal: MemoryJournal, count: int) -> None:
    until_s = time.monotonic() + 60
    while len(decided(journal)) < count:
        assert time.monotonic() < until_s, "nothing more is decided"
        time.sleep(0.03)


def test_killed_again_and_again_it_decides_what_it_would_have_and_each_thing_once(tmp_path: Path) -> None:
    chance, journal, reached = random.Random(5), MemoryJournal(), [0]

    def write(times: int) -> None:
        journal.append([to_record(event) for event in cases(times * _CASES_AT_ONCE, chance)])

    with door(journal) as url:
        write_run_file(tmp_path, url, "decisions")
        with kept_coming(write):
            for _ in range(_KILLS):
                with running("decisions", tmp_path):
                    until_decided(journal, reached[-1] + 1)
                    time.sleep(chance.random() * 0.3)
                reached.append(len(decided(journal)))
        write(_LAST)
        (tmp_path / "undisturbed").mkdir()
        wanted = undisturbed(tmp_path / "undisturbed", journal)
        with running("decisions", tmp_path):
            until_decided(journal, len(wanted))
            time.sleep(0.5)

    assert 0 < reached[1] < reached[-1] < len(wanted)
    assert sorted(decided(journal)) == sorted(wanted)
