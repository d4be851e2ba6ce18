"""The doctor says how the product is, what must be done, and ends with 1 only when something must."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from events.epochs import declare_restored
from events.findings import Finding, Probe, Severity, look
from events.journal import backlog, head, record
from events.statistics import Notes
from events.store import DjangoStore
from protocol.schemas import verification_v1_pb2 as v
from protocol.schemas.journal_v1_pb2 import Record
from streaming.models import FeedRecord
from streaming.writing.run import build_runner
from subscriber.ledger import DeadLetter, Ledger
from subscriber.progress import Progress
from tests.events.makers import submitted
from tests.rebuilding import empty_journal
from tests.restoring import change_journal, put_back
from tests.sequencing import on_postgres
from tests.streaming import told
from tests.streaming.conftest import Client, House

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


@pytest.fixture(autouse=True)
def client(transactional_db: None) -> Iterator[Client]:
    empty_journal()
    house = House()
    client = house.client()
    client.case(told.received(), told.completed())
    _write()
    yield client
    empty_journal()


def _write() -> None:
    runner = build_runner()
    while runner.step():
        pass
    runner.settle()


def _healthy() -> list[str]:
    out = StringIO()
    call_command("doctor", stdout=out)
    return out.getvalue().splitlines()


def _ill() -> str:
    out = StringIO()
    with pytest.raises(CommandError, match="must be done"):
        call_command("doctor", "--quiet", stdout=out)
    return out.getvalue()


def test_a_healthy_product_ends_well_and_says_how_far_each_follower_is() -> None:
    lines = _healthy()

    assert not any(line.startswith("! ") for line in lines)
    assert any("streaming.feed: 0 records, 0.0 s behind" in line for line in lines)


def test_a_follower_that_is_stuck_must_be_looked_after(client: Client) -> None:
    house = client.house
    house.now = datetime.now(UTC) - timedelta(minutes=10)
    empty_journal()
    client.case(told.received())
    Ledger(DjangoStore("feed"), "streaming.feed").open()

    assert "! followers in feed: lag: streaming.feed: 2 records, 600" in _ill()


def test_parked_keys_are_named_with_what_to_do() -> None:
    ledger = Ledger(DjangoStore("feed"), "streaming.feed")
    letter = DeadLetter(key="case-9", record=Record(), reason="UnknownCase", traceback="", attempts=3)
    ledger.bury(letter, now=datetime.now(UTC))

    said = _ill()

    assert "1 dead letters, 1 keys parked: case-9" in said
    assert "manage.py dead_letters streaming.feed redrive" in said


def test_a_type_that_this_build_does_not_know_is_drift() -> None:
    change_journal("UPDATE journal SET type = 'vouch.verification.v9.New' WHERE position = 1")

    assert "vouch.verification.v9.New, which this build does not know" in _ill()


def test_a_hole_in_the_journal_is_found() -> None:
    change_journal("DELETE FROM journal WHERE position = 2")

    assert "positions 2 to 2 are not there" in _ill()


def test_a_hole_in_a_feed_is_found() -> None:
    FeedRecord.objects.filter(number=2).delete()

    assert "manage.py feed rebuild" in _ill()


def test_a_restore_that_nobody_declared_is_found() -> None:
    put_back(head().position - 1)
    record([submitted("other")], now=datetime.now(UTC))

    assert "manage.py journal restored" in _ill()


def test_a_follower_ahead_of_a_declared_restore_is_told_what_is_common() -> None:
    store = DjangoStore("feed")
    ledger = Ledger(store, "streaming.feed")
    epoch, progress, _ = ledger.open()
    declared = declare_restored()
    ledger.save(epoch, Progress(read=progress.floor + 3), 0)

    assert f"common is what lies up to {declared.common}" in _ill()


def test_dropped_statistics_are_counted_in_a_row() -> None:
    notes = Notes(kept=1)
    for _ in range(4):
        notes.note(v.StepStarted(step="s"), subject="", client="", now=datetime.now(UTC))
    notes.flush()

    assert any("3 statistics were dropped" in line for line in _healthy())


def test_a_probe_that_cannot_look_does_not_silence_the_others() -> None:
    def fails() -> list[Finding]:
        raise OSError("gone")

    (finding,) = look(Probe("broken", fails))

    assert finding.severity is Severity.ACT
    assert "OSError: gone" in finding.what


@pytest.mark.skipif(not on_postgres(), reason="on SQLite the writer gives the position")
@pytest.mark.sequenced
def test_events_without_a_position_are_counted_with_the_age_of_the_oldest() -> None:
    record([submitted("other")], now=datetime.now(UTC) - timedelta(seconds=30))

    said = _ill()

    assert f"journal backlog: {backlog().records} events wait for their position, the oldest for 30" in said
    assert "manage.py sequencer" in said
