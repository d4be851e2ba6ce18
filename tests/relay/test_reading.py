"""The relay reads whole units, in order, however they lie over the limits of a batch."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.journal import record
from events.relay import Checkpoint, reading
from events.relay.reading import read, resume_at
from tests.events.makers import NOW, submitted
from tests.rebuilding import empty_journal

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_EVENTS", 5)
    monkeypatch.setattr(reading, "_AT_ONCE", 3)


def ends(units: list[int]) -> set[int]:
    return {sum(units[: index + 1]) for index in range(len(units))}


@given(st.lists(st.integers(1, 12), max_size=8))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_batches_end_where_units_end_and_leave_nothing_out(units: list[int]) -> None:
    empty_journal()
    for size in units:
        record([submitted(f"case-{n % 2}") for n in range(size)], now=NOW)

    at, seen = 0, []
    while batch := read(at):
        seen += [int(str(message.headers["ce_position"])) for message in batch.messages]
        at = batch.position
        assert at in ends(units)

    assert seen == list(range(1, sum(units) + 1))


def test_a_unit_whose_end_is_not_there_yet_is_left_for_later() -> None:
    record([submitted("case-1")], now=NOW)
    record([submitted("case-2"), submitted("case-3")], now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER journal_refuses_delete")
        cursor.execute("DELETE FROM journal WHERE position = 3")

    batch = read(0)

    assert batch is not None
    assert batch.position == 1
    assert read(1) is None


@pytest.mark.parametrize(
    ("epoch", "position", "expected"),
    [("aaaaaaaa", 9, 4), ("aaaaaaaa", 3, 3), ("bbbbbbbb", 9, 6), ("", 0, 0)],
)
def test_after_restores_it_resumes_where_the_histories_part(epoch: str, position: int, expected: int) -> None:
    empty_journal()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO journal_epoch VALUES (1, 'aaaaaaaa'), (5, 'bbbbbbbb'), (7, 'cccccccc')")
    for _ in range(12):
        record([submitted()], now=NOW)

    assert resume_at(Checkpoint(epoch, position, "a cluster")) == expected
