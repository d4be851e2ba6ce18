"""The service on a file of its own: a case is noted once however often it is told, and a replay is alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from examples.letters.service import NAME, SPEC, opened_lines
from protocol.envelope import Event
from protocol.ids import to_us
from subscriber import open_store
from subscriber.rebuild import rebuild
from subscriber.serving import ServiceSettings, described
from tests.consumers.journal import MemoryJournal, Service
from tests.consumers.notifications.histories import START, SUBMITTED, event, opened

CASES: list[Event] = [opened(case="case-1"), event(SUBMITTED, case="case-1"), opened(case="case-2", at_s=60)]
NOTED = ["2026-07-01 11:01:00 cl_1 case-2", "2026-07-01 11:00:00 cl_1 case-1"]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Give the service on a journal that has some cases."""
    service = Service(SPEC, tmp_path, MemoryJournal(CASES), clock_us=to_us(START))
    service.settle()
    yield service
    service.store.close()


def test_each_case_that_was_opened_is_noted(service: Service) -> None:
    assert [*opened_lines(service.store)] == NOTED


def test_a_case_that_is_told_twice_is_noted_once(service: Service, tmp_path: Path) -> None:
    journal = MemoryJournal([*CASES, opened(case="case-1", at_s=5)])
    again = Service(SPEC, tmp_path, journal, clock_us=to_us(START))
    again.settle()

    with closing(again.store):
        assert [*opened_lines(again.store)] == NOTED


def test_where_no_case_was_opened_it_says_so(tmp_path: Path) -> None:
    service = Service(SPEC, tmp_path, MemoryJournal(), clock_us=to_us(START))

    with closing(service.store):
        assert [*opened_lines(service.store)] == ["no case was opened yet"]


def test_a_replay_of_everything_gives_the_same_rows(service: Service, tmp_path: Path) -> None:
    told = replace(described(SPEC, ServiceSettings(NAME, tmp_path)), source=lambda: MemoryJournal(CASES))
    rebuild(told)

    with closing(open_store(told.versions.current())) as anew:
        assert [*opened_lines(anew)] == NOTED
