"""A table that only projections write is what a replay gives; one written beside them is found out."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

import pytest
from django.db import connection, models

from events import projections
from events.journal import head, record
from events.projections import declared_models, event_sourced, projects, rebuild, replay
from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as v
from tests.events.makers import NOW, opened, submitted
from tests.rebuilding import assert_rebuilds_equal, empty_journal, rebuilt_equal

pytestmark = pytest.mark.django_db(databases="__all__")


class Seen(models.Model):
    """Cases that were submitted."""

    case = models.CharField(max_length=64)
    times = models.IntegerField(default=0)

    objects: ClassVar[models.Manager[Seen]] = models.Manager()

    class Meta:
        app_label: ClassVar[str] = "made_for_tests"
        db_table: ClassVar[str] = "events_seen"


@pytest.fixture(autouse=True)
def _table(db: None, no_other_rooms: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE events_seen (id INTEGER PRIMARY KEY AUTOINCREMENT, 'case' TEXT, times INT)"
        )
    event_sourced(Seen)

    @projects(v.CaseSubmitted)
    def apply(event: Event) -> None:
        row, _ = Seen.objects.get_or_create(case=event.envelope.subject)
        Seen.objects.filter(pk=row.pk).update(times=models.F("times") + 1)


def test_an_event_is_applied_in_the_transaction_that_writes_it() -> None:
    record([submitted("a"), submitted("b"), submitted("a")], now=NOW)

    assert list(Seen.objects.order_by("id").values_list("case", "times")) == [("a", 2), ("b", 1)]


def test_an_event_said_twice_is_applied_once() -> None:
    draft = submitted("a", event_id=UUID(int=5))

    record([draft], now=NOW)
    record([draft], now=NOW)

    assert Seen.objects.get().times == 1


def test_rebuilding_gives_the_same_rows_with_the_same_ids() -> None:
    with rebuilt_equal():
        record([submitted("a"), opened("x"), submitted("b")], now=NOW)

    assert rebuild() == 3
    assert list(Seen.objects.order_by("id").values_list("id", "case")) == [(1, "a"), (2, "b")]


def test_a_write_beside_the_projections_is_found_out() -> None:
    record([submitted("a")], now=NOW)
    Seen.objects.update(times=5)

    with pytest.raises(AssertionError, match="not the fold"):
        assert_rebuilds_equal()


def test_declared_tables_are_listed_once() -> None:
    event_sourced(Seen)

    assert declared_models() == (Seen,)


def test_a_replay_gives_all_events_in_order_across_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projections, "_CHUNK", 2)
    record([submitted(c) for c in "abcde"], now=NOW)

    assert [e.envelope.subject for e in replay()] == list("abcde")


def test_an_emptied_journal_starts_anew() -> None:
    record([submitted("a")], now=NOW)

    empty_journal()

    assert head().position == 0
