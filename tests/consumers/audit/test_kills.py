"""Killed at any moment, again and again, the service has logged every event once, and its chain is whole."""

from __future__ import annotations

import random
import time
from pathlib import Path
from uuid import UUID

import pytest

from consumers.audit.log import entries, last
from consumers.audit.verifying import walked
from protocol.envelope import to_record
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Store
from tests.changing import changed
from tests.consumers.audit.makers import opened_log
from tests.consumers.decisions.histories import number
from tests.consumers.door import door, write_run_file
from tests.consumers.journal import MemoryJournal
from tests.consumers.killing import kept_coming, running
from tests.servers.running import fresh_database

_KILLS, _AT_ONCE = 4, 20

pytestmark = pytest.mark.slow


def append(journal: MemoryJournal, first: int) -> None:
    """Write some events, their ids from `first` on."""
    fact = number(v.CaseSubmitted(by="client"), 1)
    many = [changed(fact, id=UUID(int=n).bytes) for n in range(first, first + _AT_ONCE)]
    journal.append([to_record(fact._replace(envelope=one)) for one in many])


def logged(store: Store) -> int:
    kept = last(store)
    return kept.entry.number if kept else 0


def until_logged(store: Store, count: int) -> None:
    until_s = time.monotonic() + 60
    while logged(store) < count:
        assert time.monotonic() < until_s, "the log does not grow"
        time.sleep(0.01)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_killed_again_and_again_it_logs_each_event_once(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    url = fresh_database(request.getfixturevalue("postgres")) if kind == "postgres" else ""
    chance, journal, reached = random.Random(7), MemoryJournal(), [0]

    with door(journal) as address, opened_log(url or tmp_path / "audit.sqlite3") as store:
        write_run_file(tmp_path, address, "audit")
        with kept_coming(lambda times: append(journal, 1 + times * _AT_ONCE)):
            for _ in range(_KILLS):
                with running("audit", tmp_path, VOUCH_AUDIT_DATABASE_URL=url):
                    until_logged(store, reached[-1] + 1)
                    time.sleep(chance.random() * 0.3)
                reached.append(logged(store))
        # Something is left for the one that is not killed, however fast the others were.
        append(journal, len(journal.records) + 1)
        with running("audit", tmp_path, VOUCH_AUDIT_DATABASE_URL=url):
            until_logged(store, len(journal.records))
        positions = [kept.entry.position for kept in walked(entries(store))]

    assert 0 < reached[1] < reached[-1] < len(positions)
    assert positions == list(range(1, len(journal.records) + 1))
