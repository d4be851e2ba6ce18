"""What the journal refuses waits by itself: the others go on, in order, and nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import StringIO
from uuid import UUID, uuid4

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from events.database import DATABASE, journal_database
from events.database.connecting import connect, conninfo
from events.database.quarantine import move_others
from events.database.quarantine import release as give_back
from events.database.rows import COLUMNS
from events.errors import SetAside, StillRefused
from events.findings import Severity
from events.journal import after, quarantined, record, release
from events.probes import journal_probes
from events.rebuilding import rebuild
from tests.complaints.marks import ON_POSTGRES
from tests.complaints.sessions import Session
from tests.complaints.soundness import assert_sound, rows_of
from tests.events.makers import NOW, by, submitted
from tests.rebuilding import empty_journal
from tests.sequencing import say, sequencer, settled

pytestmark = [*ON_POSTGRES, pytest.mark.usefixtures("empty")]


def _forge(key: str, keyseq: int, *, event_id: UUID | None = None) -> None:
    """Write a line into the journal by hand, as no part of the product does: a key's next number is taken."""
    said = {"position": "position + 1", "unit": "position + 1", "unit_last": "position + 1"}
    said |= {"id": "%(id)s", "partition_key": "%(key)s", "subject": "%(key)s", "keyseq": "%(keyseq)s"}
    placed = ", ".join(said.get(name, name) for name in COLUMNS)
    with connections[DATABASE].cursor() as cursor:
        cursor.execute(
            f"INSERT INTO journal ({', '.join(COLUMNS)}) SELECT {placed} FROM journal "
            "ORDER BY position DESC LIMIT 1",
            {"id": (event_id or uuid4()).bytes, "key": key, "keyseq": keyseq},
        )


def _renumber(key: str, by: int) -> None:
    """Mend as the runbook says: the waiting events take the numbers after those that are taken."""
    with transaction.atomic(using=DATABASE), connections[DATABASE].cursor() as cursor:
        cursor.execute(
            "UPDATE journal_quarantine SET keyseq = keyseq + %s WHERE partition_key = %s", [by, key]
        )
        cursor.execute("UPDATE journal_key SET last = last + %s WHERE partition_key = %s", [by, key])


def _until(what: Callable[[], bool], *, within_s: float = 5.0) -> None:
    until_s = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < until_s, "it did not come to be in time"
        time.sleep(0.005)


def _told(key: str) -> list[tuple[int, str]]:
    return [(e.envelope.keyseq, by(e)) for e in after(0, subject=key)]


@pytest.fixture
def refused() -> None:
    """The journal's second number of `bad` is taken by hand, and the product says it too."""
    with sequencer():
        say([submitted("bad", by="first")])
    _forge("bad", 2)
    record([submitted("bad", by="second")], now=NOW)


def test_a_refused_event_waits_and_other_keys_go_on_at_once(refused: None) -> None:
    record([submitted("good", by="1")], now=NOW)
    began_s = time.monotonic()

    with sequencer():
        settled()
        say([submitted("good", by="2")])

    assert time.monotonic() - began_s < 5
    assert _told("good") == [(1, "1"), (2, "2")]
    assert [(q.key, q.events, q.reason) for q in quarantined()] == [
        ("bad", 1, "its number within the key is in the journal")
    ]


def test_later_events_of_a_refused_key_wait_behind_it(refused: None) -> None:
    with sequencer():
        settled()
        record([submitted("bad", by="third")], now=NOW)
        settled()

    assert [(q.key, q.events) for q in quarantined()] == [("bad", 2)]


def test_a_unit_with_a_refused_event_waits_whole_and_what_came_before_does_not(refused: None) -> None:
    record([submitted("tied", by="before")], now=NOW)
    record([submitted("tied", by="with it"), submitted("bad", by="with it")], now=NOW)
    record([submitted("tied", by="after")], now=NOW)

    with sequencer():
        settled()

    assert _told("tied") == [(1, "before")]
    assert [(q.key, q.events) for q in quarantined()] == [("bad", 2), ("tied", 2)]


def test_released_events_follow_in_their_order_once_the_cause_is_mended(refused: None) -> None:
    with sequencer():
        settled()
        record([submitted("bad", by="third"), submitted("tied", by="1")], now=NOW)
        settled()
        _renumber("bad", 1)

        call_command("sequencer", release="tied", stdout=StringIO())
        say([submitted("bad", by="fourth"), submitted("tied", by="2")])

    assert quarantined() == []
    assert _told("bad")[2:] == [(3, "second"), (4, "third"), (5, "fourth")]
    assert _told("tied") == [(1, "1"), (2, "2")]
    assert_sound(rows_of(conninfo(DATABASE)))


def test_a_release_is_refused_while_the_cause_stands(refused: None) -> None:
    with sequencer():
        settled()

    with pytest.raises(StillRefused, match="bad"):
        release("bad")
    with pytest.raises(CommandError, match="nothing of good"):
        call_command("sequencer", release="good")

    assert [q.key for q in quarantined()] == ["bad"]


def test_a_release_is_refused_when_two_waiting_events_have_one_number(refused: None) -> None:
    record([submitted("bad", by="third")], now=NOW)
    with sequencer():
        settled()
    with connections[DATABASE].cursor() as cursor:
        cursor.execute("UPDATE journal_quarantine SET keyseq = 9")

    with pytest.raises(StillRefused, match="one id or number"):
        release("bad")

    assert [(q.key, q.events) for q in quarantined()] == [("bad", 2)]


def test_the_alarm_names_the_key_the_reason_and_what_to_do() -> None:
    with sequencer():
        say([submitted("good")])
    record([submitted("bad", event_id=UUID(int=7))], now=NOW)
    _forge("forged", 1, event_id=UUID(int=7))

    with capture_logs() as lines, sequencer():
        settled()

    (line,) = [line for line in lines if line["event"] == "journal_refused_event"]
    assert (line["log_level"], line["keys"], line["reason"]) == (
        "error",
        ("bad",),
        "its id is in the journal",
    )
    assert "docs/runbooks/quarantine.md" in line["do"]


def test_an_event_in_quarantine_is_known_when_it_is_said_again() -> None:
    with sequencer():
        say([submitted("good")])
    _forge("bad", 1)
    draft = submitted("bad", event_id=UUID(int=70))
    record([draft], now=NOW)
    with sequencer():
        settled()

    (again,) = record([draft], now=NOW)

    assert (again.envelope.id, again.envelope.keyseq, again.envelope.position) == (UUID(int=70), 1, 0)
    assert [q.events for q in quarantined()] == [1]


def test_tables_are_not_rebuilt_while_events_wait_in_quarantine(refused: None) -> None:
    with pytest.raises(SetAside, match="bad"):
        rebuild()


def test_the_doctor_names_the_keys_that_wait_and_where_to_read_on(refused: None) -> None:
    with sequencer():
        settled()

    found = [finding for probe in journal_probes(lambda: NOW) for finding in probe.look()]

    (told,) = [finding for finding in found if "bad" in finding.what]
    assert (told.severity, told.todo) == (Severity.ACT, "docs/runbooks/quarantine.md")


def test_a_key_set_aside_by_somebody_else_holds_the_sequencer_too(refused: None) -> None:
    with transaction.atomic(using=DATABASE):
        move_others(connections[DATABASE].connection, limit=100)
    record([submitted("bad", by="third")], now=NOW)

    with sequencer():
        settled()

    assert (quarantined()[0].events, len(_told("bad"))) == (2, 2)


def test_an_operator_lists_the_keys_that_wait(refused: None) -> None:
    with sequencer():
        settled()
    out = StringIO()

    call_command("sequencer", quarantined=True, stdout=out)

    assert out.getvalue().startswith("bad  1 events since 2")


# Units of keys; whether the second number of each of three keys is taken by hand.
_UNITS = st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=3), min_size=1, max_size=25)
_TAKEN = st.sets(st.integers(0, 4), min_size=1, max_size=2)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_UNITS, _TAKEN)
def test_whatever_is_refused_nothing_is_lost_and_every_key_keeps_its_order(
    units: list[list[int]], taken: set[int]
) -> None:
    empty_journal()
    with sequencer():
        say([submitted("start")])
    for key in taken:
        _forge(f"case-{key}", 2)
    for number, keys in enumerate(units):
        record([submitted(f"case-{key}", by=str(number)) for key in sorted(keys)], now=NOW)

    with sequencer():
        settled()
        waiting = {q.key for q in quarantined()}
        for number in taken:
            _renumber(f"case-{number}", 1000)
        for name in sorted(waiting):
            release(name)
        settled()

    rows = [row for row in after(1) if by(row) != "client"]
    assert quarantined() == []
    assert sorted(row.envelope.subject for row in rows) == sorted(f"case-{k}" for u in units for k in u)
    for number in range(5):
        told = [int(by) for _, by in _told(f"case-{number}") if by != "client"]
        assert told == sorted(told)


def _somebody_waits() -> bool:
    with connections[DATABASE].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_a_rebuild_and_whoever_sets_aside_at_that_moment_do_not_block_each_other(
    refused: None, begin: Callable[[], Session]
) -> None:
    with sequencer():
        settled()
    record([submitted("bad", by="third")], now=NOW)
    rebuilding = begin()

    with connect(conninfo(DATABASE), name="leader") as leader, leader.transaction():
        leader.execute("LOCK TABLE journal_quarantine IN SHARE ROW EXCLUSIVE MODE")
        settling = rebuilding.start(journal_database().settle)
        _until(_somebody_waits)
        move_others(leader, limit=100)

    settling.result(5)
    rebuilding.commit()
    assert [(q.key, q.events) for q in quarantined()] == [("bad", 2)]


def test_nothing_is_set_aside_while_a_release_is_under_way(refused: None) -> None:
    with sequencer():
        settled()
    _renumber("bad", 1)
    record([submitted("bad", by="third")], now=NOW)
    address = conninfo(DATABASE)

    with connect(address, name="operator") as operator, connect(address, name="leader") as leader:
        leader.execute("SET lock_timeout = '50ms'")
        with operator.transaction():
            give_back(operator, "bad")
            with pytest.raises(psycopg.errors.LockNotAvailable), leader.transaction():
                move_others(leader, limit=100)

    with sequencer():
        settled()
    assert _told("bad")[2:] == [(3, "second"), (4, "third")]
