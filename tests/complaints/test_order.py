"""Complaints of lost, stalled and reversed events where writers commit in another order than they insert."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from django.db import connections

from events.database import journal_database
from events.journal import after, hold
from events.source import SqlJournalSource
from tests.complaints.marks import ON_POSTGRES
from tests.complaints.sessions import Session
from tests.events.makers import by, submitted
from tests.sequencing import say, settled

pytestmark = [*ON_POSTGRES, pytest.mark.usefixtures("journal")]
Begin = Callable[[], Session]


def _subjects(position: int = 0) -> list[str]:
    return [event.envelope.subject for event in after(position)]


def test_complaint_1_a_slow_transaction_with_a_lower_id_then_a_fast_one_both_are_read(begin: Begin) -> None:
    slow = begin()
    slow.say(submitted("slow"))
    say([submitted("fast")])
    read_before = SqlJournalSource(("verification.case",)).read(0, 10).through

    slow.commit()
    settled()

    assert (read_before, _subjects(0)) == (1, ["fast", "slow"])
    assert _subjects(read_before) == ["slow"]


def test_complaint_2_a_rolled_back_gap_and_an_idle_session_stall_nobody(begin: Begin) -> None:
    idle, taken_back = begin(), begin()
    idle.say(submitted("idle"))
    taken_back.say(submitted("taken back"))
    taken_back.rollback()
    began_s = time.monotonic()

    say([submitted("goes on")])

    assert time.monotonic() - began_s < 10
    assert [(e.envelope.position, e.envelope.subject) for e in after(0)] == [(1, "goes on")]


def test_complaint_3_commits_between_two_statements_of_a_reader_are_not_skipped(begin: Begin) -> None:
    gap = begin()
    gap.say(submitted("gap"))
    say([submitted("first")])
    database = journal_database()

    tip = database.tip()
    say([submitted("between")])
    gap.commit()
    settled()
    rows = database.read(0, through=tip.position, streams=None, subject=None, limit=10)

    assert [row.subject for row in rows] == ["first"]
    assert _subjects(tip.position) == ["between", "gap"]


def test_complaint_4_a_later_writer_with_the_earlier_transaction_id_keeps_the_cases_order(
    begin: Begin,
) -> None:
    early = begin()
    early.say(submitted("something else"))
    say([submitted("case", by="first")])

    early.say(submitted("case", by="second"))
    early.commit()
    settled()

    told = [by(event) for event in after(0, subject="case")]
    assert told == ["first", "second"]


def test_whoever_holds_a_subject_decides_on_what_others_have_committed(begin: Begin) -> None:
    first, second = begin(), begin()
    first.call(lambda: hold("case"))
    seen = second.start(lambda: _held_and_counted("case"))
    assert not seen.done()

    first.say(submitted("case"))
    first.commit()

    assert seen.result(5) == 1


def _held_and_counted(subject: str) -> int:
    """Count a case's events so far, whether they have a position or not, once nobody else can add one."""
    hold(subject)
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM journal_outbox WHERE subject = %s)"
            " + (SELECT count(*) FROM journal WHERE subject = %s)",
            [subject, subject],
        )
        return int(cursor.fetchone()[0])
