"""Rows of the delivery log that nobody looks after any more: lost ones, old ones."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta

import pytest

from protocol.ids import new_uuid7, to_us
from streaming.deliveries import rows
from streaming.deliveries.process import has_ended, this_process
from streaming.models import LoggedDelivery, LoggedGap
from tests.streaming.desk import NOW, Desk

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def _left_by(process: str, *, seen: datetime = NOW) -> LoggedDelivery:
    return LoggedDelivery.objects.create(
        id=str(new_uuid7(NOW)),
        client="cl_1",
        live=True,
        key_id="ak_1",
        form="ndjson",
        part="0/1",
        subscription="",
        first=1,
        opened_at_us=to_us(NOW - timedelta(hours=1)),
        process=process,
        sent=5,
        acked=0,
        closed_at_us=0,
        reason="",
        last_seen_us=to_us(seen),
    )


def _end_of(row: LoggedDelivery) -> tuple[int, str]:
    row.refresh_from_db()
    return row.closed_at_us, row.reason


def test_what_a_process_that_was_killed_left_open_is_closed_as_lost_at_the_next_start(desk: Desk) -> None:
    code = "from streaming.deliveries.process import this_process; print(this_process(), flush=True); input()"
    other = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    name = other.stdout.readline().strip()
    row = _left_by(name)
    desk.after(seconds=1)
    assert (_end_of(row), has_ended(name)) == ((0, ""), False)

    other.kill()
    other.communicate()
    Desk().after(seconds=1)

    assert has_ended(name)
    assert _end_of(row) == (to_us(NOW), "lost")


def test_a_process_that_has_the_number_of_one_that_ended_is_not_taken_for_it(desk: Desk) -> None:
    host, pid, started = this_process().rsplit("/", 2)
    row = _left_by(f"{host}/{pid}/{int(started) - 1}")

    desk.after(seconds=1)

    assert _end_of(row) == (to_us(NOW), "lost")


def test_what_another_machine_left_open_is_lost_after_a_minute_of_silence(desk: Desk) -> None:
    silent = _left_by("elsewhere/1/1", seen=NOW - timedelta(seconds=61))
    alive = _left_by("elsewhere/2/1", seen=NOW - timedelta(seconds=40))

    desk.after(seconds=0)

    assert _end_of(silent) == (to_us(NOW - timedelta(seconds=61)), "lost")
    assert _end_of(alive) == (0, "")


def test_ones_own_connections_are_never_taken_for_lost(desk: Desk) -> None:
    row = _left_by(this_process(), seen=NOW - timedelta(hours=1))

    desk.after(seconds=1)

    assert _end_of(row) == (0, "")


def test_connections_of_more_than_ninety_days_ago_are_dropped_with_their_gaps(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "_AT_ONCE", 2)
    old = [desk.open() for _ in range(5)]
    for delivery in old:
        delivery.gap(from_=1, to=2, oldest=3, reason="retention")
        delivery.close("done")
    desk.after(days=1)
    young = desk.open()
    young.gap(from_=1, to=2, oldest=3, reason="retention")
    young.close("done")
    desk.after(seconds=1)

    Desk(now=NOW + timedelta(days=90, seconds=1)).after(seconds=0)

    assert list(LoggedDelivery.objects.values_list("id", flat=True)) == [young.id]
    assert list(LoggedGap.objects.values_list("delivery", flat=True)) == [young.id]
