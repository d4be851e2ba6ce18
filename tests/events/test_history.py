"""Any part of the journal can be read again, and its tables be built as they were at a moment."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import closing
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import ClassVar

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, models
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events import projections
from events.guard import projecting
from events.history import at_moment, whole_unit
from events.journal import after, head, record
from events.projections import event_sourced, projects
from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as v
from tests.events.makers import NOW, opened, submitted

pytestmark = pytest.mark.django_db(databases="__all__")


class Last(models.Model):
    """The position of each case's last submission."""

    case = models.CharField(max_length=64, primary_key=True)
    keyseq = models.IntegerField()

    objects: ClassVar[models.Manager[Last]] = models.Manager()

    class Meta:
        app_label: ClassVar[str] = "made_for_tests"
        db_table: ClassVar[str] = "events_last"


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projections, "_appliers", defaultdict(list))
    monkeypatch.setattr(projections, "_models", [])
    with connection.cursor() as cursor:
        cursor.execute("""CREATE TABLE events_last ("case" TEXT PRIMARY KEY, keyseq INTEGER NOT NULL)""")
    event_sourced(Last)

    @projects(v.CaseSubmitted)
    def apply(event: Event) -> None:
        e = event.envelope
        Last.objects.update_or_create(case=e.subject, defaults={"keyseq": e.keyseq})


def _said(*words: str) -> list[str]:
    out = StringIO()
    call_command("journal", *words, stdout=out, stderr=StringIO())
    return out.getvalue().splitlines()


def _rows(file: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as made:
        return made.execute('SELECT "case", keyseq FROM events_last ORDER BY "case"').fetchall()


def _written(seconds: int, *cases: str) -> None:
    record([submitted(case) for case in cases], now=NOW + timedelta(seconds=seconds))
    head()  # On PostgreSQL they have their positions now.


def test_replay_prints_a_part_by_positions_both_included() -> None:
    _written(0, *"abcdef")

    lines = _said("replay", "--from", "2", "--to", "4")

    assert [line.split()[2] for line in lines] == ["b", "c", "d"]


def test_replay_prints_a_part_by_times_of_one_case() -> None:
    for second in range(4):
        _written(second, "a", "b")

    lines = _said(
        "replay", "--from", "2026-05-01T12:00:01Z", "--to", "2026-05-01T12:00:03Z", "--subject", "a"
    )

    assert [line.split()[0] for line in lines] == ["3", "5"]


def test_replay_counts_events_by_type_and_stream() -> None:
    record([opened("a"), submitted("a"), submitted("a")], now=NOW)

    lines = _said("replay", "--count", "--streams", "verification.case")

    assert [line.split()[0] for line in lines] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--from", "yesterday"), "neither a position nor a time"),
        (("--from", "2026-05-01T12:00"), "has no zone"),
        (("--to", "99"), "the journal ends at 1"),
        (("--streams", "no.such"), "no stream is named"),
    ],
)
def test_a_place_that_is_none_is_refused_with_the_reason(words: tuple[str, ...], why: str) -> None:
    _written(0, "a")

    with pytest.raises(CommandError, match=why):
        _said("replay", *words)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=st.lists(st.integers(-3, 5), min_size=1, max_size=12), probe=st.integers(-5, 40))
def test_a_moment_is_found_though_writers_clocks_fall(db: None, steps: list[int], probe: int) -> None:
    before = head().position
    for n in range(len(steps)):
        _written(sum(steps[: n + 1]), "m")
    written = after(before)
    moment = NOW + timedelta(seconds=probe)

    found = at_moment(moment)

    first = written[0].envelope.position
    there = [e.envelope.position for e in written if e.envelope.sequenced_at <= moment]
    assert found == max(there, default=found if found < first else first - 1)


def test_tables_are_built_as_they_were_at_a_position(table: None, tmp_path: Path) -> None:
    for case in "aba":
        _written(0, case)

    _said("rebuild", "--as-of", "2", "--into", str(tmp_path / "then.sqlite3"))

    assert _rows(tmp_path / "then.sqlite3") == [("a", 1), ("b", 1)]
    assert Last.objects.get(case="a").keyseq == 2


def test_tables_are_built_as_they_were_at_a_time(table: None, tmp_path: Path) -> None:
    for second in range(3):
        _written(second, "a")

    _said("rebuild", "--as-of", "2026-05-01T12:00:02Z", "--into", str(tmp_path / "then.sqlite3"))

    assert _rows(tmp_path / "then.sqlite3") == [("a", 2)]


def test_a_moment_within_a_transaction_is_the_one_before_it(table: None) -> None:
    _written(0, "a")
    _written(0, "b", "c")

    assert [whole_unit(position) for position in (0, 1, 2, 3)] == [0, 1, 1, 3]


def test_somebodys_file_is_never_written_over(table: None, tmp_path: Path) -> None:
    _written(0, "a")
    file = tmp_path / "then.sqlite3"
    file.write_text("mine")

    with pytest.raises(CommandError, match="is there already"):
        _said("rebuild", "--as-of", "1", "--into", str(file))

    assert file.read_text() == "mine"


def test_the_same_history_gives_the_same_bytes_again(table: None, tmp_path: Path) -> None:
    _written(0, *"abcab")

    for name in ("one", "two"):
        _said("rebuild", "--as-of", "5", "--into", str(tmp_path / name))

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_check_of_tables_fails_when_rows_differ(table: None) -> None:
    _written(0, "a")
    with projecting():
        Last.objects.update(keyseq=7)

    with pytest.raises(CommandError, match="1 rows are not what the journal says"):
        _said("rebuild", "--check")

    assert "events_last a: different" in _said("rebuild")
    assert _said("rebuild", "--check")[-1] == "no row differs"
