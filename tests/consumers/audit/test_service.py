"""The service as it runs: every event once, heads that come home, and a log that the journal confirms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from consumers.audit.comparing import differing
from consumers.audit.errors import Fault
from consumers.audit.log import entries
from consumers.audit.service import SPEC
from consumers.audit.streams import FOLLOWED
from consumers.audit.verifying import check
from protocol.catalogue import STREAMS, Lane, stream_named
from protocol.envelope import Event, to_record
from protocol.schemas import verification_v1_pb2 as v
from protocol.schemas.journal_v1_pb2 import Record
from tests.changing import changed
from tests.consumers.audit.makers import KEY, publisher
from tests.consumers.decisions.histories import checks, evidence, number, opening
from tests.consumers.journal import MemoryJournal, Service

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def cases(count: int) -> list[Event]:
    facts = (*opening("full"), evidence("front"), *checks(on=3))
    made = [number(fact, n, case=f"case-{c}") for c in range(count) for n, fact in enumerate(facts, 1)]
    return [Event(changed(e, id=UUID(int=n).bytes), e.message) for n, e in enumerate(made, 1)]


@contextmanager
def running(folder: Path, journal: MemoryJournal) -> Iterator[Service]:
    service = Service(SPEC, folder, journal, clock_us=0)
    try:
        yield service
    finally:
        service.store.close()


def positions(service: Service) -> list[int]:
    return [kept.entry.position for kept in entries(service.store)]


def test_every_stream_that_is_journalled_is_given_to_the_audit() -> None:
    missing = [s.name for s in STREAMS if s.lane is not Lane.BEST_EFFORT and "audit" not in s.consumers]

    assert missing == []


def test_it_follows_all_that_is_given_to_it_and_no_statistics() -> None:
    assert set(FOLLOWED) == {stream.name for stream in STREAMS if "audit" in stream.consumers}
    assert "verification.statistics" not in FOLLOWED


def test_nobody_else_says_how_the_log_stands() -> None:
    assert stream_named("audit.head").producers == ("audit",)


def test_every_event_is_logged_once_however_often_it_starts(tmp_path: Path) -> None:
    journal = MemoryJournal()
    for event in cases(2):
        journal.append([to_record(event)])
        with running(tmp_path, journal) as service:
            service.settle()

    with running(tmp_path, journal) as service:
        assert positions(service) == list(range(1, len(journal.records) + 1))
        assert check(entries(service.store), [], KEY.public).entries == len(journal.records)


def test_a_head_comes_home_and_is_logged_like_everything_else(tmp_path: Path) -> None:
    journal = MemoryJournal(cases(1))
    with running(tmp_path, journal) as service:
        service.settle()
        head = publisher(service.store, tmp_path).publish(NOW)
        service.settle()
        service.settle()

        assert head is not None
        assert (journal.records[-1].stream, journal.records[-1].source) == ("audit.head", "audit")
        assert check(entries(service.store), [head], KEY.public).entries == head.entries + 1


def test_a_log_whose_database_was_lost_is_made_again_to_the_byte(tmp_path: Path) -> None:
    journal = MemoryJournal(cases(3))
    logs = []
    for name in ("lost", "new"):
        (tmp_path / name).mkdir()
        with running(tmp_path / name, journal) as service:
            service.settle()
            logs.append(list(entries(service.store)))

    assert logs[0] == logs[1]


def test_the_journal_confirms_the_log(tmp_path: Path) -> None:
    journal = MemoryJournal(cases(2))
    with running(tmp_path, journal) as service:
        service.settle()

        assert differing(service.store, journal) == (len(journal.records), 0)


def _other_words(record: Record) -> None:
    record.payload = v.CheckCompleted(check="register", status="clear").SerializeToString()


def _another_case(record: Record) -> None:
    record.subject = "case-9"


@pytest.mark.parametrize("do", [_other_words, _another_case])
def test_a_journal_that_was_edited_after_it_was_logged_is_found(tmp_path: Path, do: object) -> None:
    journal = MemoryJournal(cases(1))
    with running(tmp_path, journal) as service:
        service.settle()
        assert callable(do)
        do(journal.records[6])

        with pytest.raises(Fault, match="not the one that was logged") as found:
            differing(service.store, journal)

    assert found.value.entry == 7
