"""The journal gives every event one place, for good."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events import journal
from events.database import journal_database
from events.errors import NoApplicant, TooLarge, TooManyEvents, WrongLane
from events.journal import Draft, after, head, hold, record
from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as v
from tests.changing import changed
from tests.events.makers import CASE, NOW, opened, submitted
from tests.sequencing import on_postgres

pytestmark = pytest.mark.django_db(databases="__all__")


def _placeless(event: Event) -> Event:
    """What a writer knows of its event, whichever database gives the place."""
    e = event.envelope
    recorded_at_us = e.record.recorded_at_us
    placeless = changed(event, epoch="", position=0, unit=0, unit_last=0, sequenced_at_us=recorded_at_us)
    return Event(placeless, event.message)


def test_an_empty_journal_has_no_epoch_and_position_zero() -> None:
    assert head() == journal.Head("", 0)


def test_the_first_event_makes_the_epoch_and_gets_position_one() -> None:
    record([submitted()], now=NOW)

    (event,) = after(0)
    assert event.envelope.position == 1
    assert len(event.envelope.epoch) == 8
    assert head() == journal.Head(event.envelope.epoch, 1)


def test_what_was_recorded_is_read_back_the_same() -> None:
    written = record([opened(), submitted()], now=NOW)

    assert [_placeless(event) for event in after(0)] == [_placeless(event) for event in written]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=5), max_size=6))
def test_positions_are_dense_and_keyseq_rises_in_each_subject(db: None, units: list[list[str]]) -> None:
    start = head().position
    for unit in units:
        record([submitted(case) for case in unit], now=NOW)

    events = after(start)
    assert [e.envelope.position for e in events] == [start + n + 1 for n in range(len(events))]
    for case in "abc":
        seqs = [e.envelope.keyseq for e in events if e.envelope.subject == case]
        assert seqs == sorted(set(seqs))


def test_events_of_one_call_share_their_unit() -> None:
    record([submitted()], now=NOW)
    assert head().position == 1

    record([submitted("a"), submitted("b")], now=NOW)

    assert {(e.envelope.unit, e.envelope.unit_last) for e in after(1)} == {(2, 3)}


def test_sequenced_time_never_falls_when_a_clock_does() -> None:
    record([submitted()], now=NOW)
    assert head().position == 1

    record([submitted()], now=NOW - timedelta(seconds=5))

    (event,) = after(1)
    assert event.envelope.sequenced_at == NOW
    assert event.envelope.recorded_at == NOW - timedelta(seconds=5)


def test_an_event_said_twice_keeps_its_first_place() -> None:
    first = record([submitted(event_id=UUID(int=7))], now=NOW)

    again = record([submitted(event_id=UUID(int=7)), submitted()], now=NOW + timedelta(hours=1))

    assert [_placeless(event) for event in again[:1]] == [_placeless(event) for event in first]
    assert head().position == 2


def test_an_event_said_again_after_it_got_its_place_is_given_with_it() -> None:
    record([submitted(event_id=UUID(int=7))], now=NOW)
    assert head().position == 1

    again = record([submitted(event_id=UUID(int=7))], now=NOW + timedelta(hours=1))

    assert list(again) == after(0)


def test_an_event_said_twice_in_one_call_is_written_once() -> None:
    events = record([submitted(event_id=UUID(int=7)), submitted(event_id=UUID(int=7))], now=NOW)

    assert events[0] == events[1]
    assert head().position == 1


@pytest.mark.parametrize("change", ["UPDATE journal SET source = 'x'", "DELETE FROM journal"])
def test_the_database_refuses_to_change_the_journal(change: str) -> None:
    record([submitted()], now=NOW)

    with pytest.raises(DatabaseError, match="never"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


@pytest.mark.skipif(on_postgres(), reason="SQLite's own way to replace a row")
def test_the_database_refuses_to_replace_an_event() -> None:
    record([submitted()], now=NOW)

    with pytest.raises(DatabaseError, match="never"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT OR REPLACE INTO journal SELECT * FROM journal")


def test_what_a_caller_rolls_back_was_never_said() -> None:
    with transaction.atomic():
        record([submitted()], now=NOW)
        transaction.set_rollback(True)

    assert head().position == 0


def test_a_message_over_64_kib_is_refused_before_anything_is_written() -> None:
    draft = Draft(message=v.CaseSubmitted(by="x" * 70_000), subject=CASE, client="cl_1")

    with pytest.raises(TooLarge, match="by reference"):
        record([submitted(), draft], now=NOW)

    assert head().position == 0


def test_a_thousand_events_fit_and_one_more_is_refused() -> None:
    assert len(record([submitted()] * 1000, now=NOW)) == 1000
    with pytest.raises(TooManyEvents):
        record([submitted()] * 1001, now=NOW)


def test_personal_fields_without_an_applicant_are_refused() -> None:
    with pytest.raises(NoApplicant):
        record([opened(applicant="")], now=NOW)


def test_a_best_effort_message_is_not_taken() -> None:
    with pytest.raises(WrongLane):
        record([Draft(message=v.StepStarted(step="x"), subject=CASE, client="cl_1")], now=NOW)


def test_reading_can_be_narrowed_to_a_stream_and_a_subject() -> None:
    record(
        [submitted("a"), submitted("b"), Draft(message=v.CheckCompleted(), subject="a", client="c")], now=NOW
    )

    assert [e.envelope.position for e in after(0, subject="a")] == [1, 3]
    assert [e.envelope.position for e in after(0, streams=["verification.result"])] == [3]
    assert [e.envelope.position for e in after(1, limit=1)] == [2]


def test_a_type_of_a_newer_build_is_left_out_when_read() -> None:
    (event,) = record([submitted()], now=NOW)
    newer = changed(event, type="vouch.new.v1.Unheard", position=2, id=UUID(int=9).bytes, keyseq=2)
    journal_database().insert([(newer, b"")], sealed_by=[])

    assert [e.envelope.position for e in after(0)] == [1]


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_nothing_can_be_held_outside_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="open one"):
        hold("a")
