"""An operator reads the journal, proves it sound, and finds out when it is not."""

from __future__ import annotations

from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from events.database.rows import COLUMNS
from events.journal import head, record
from events.verify import faults
from tests.events.makers import NOW, opened, submitted
from tests.sequencing import on_postgres

pytestmark = pytest.mark.django_db(databases="__all__")
_TRIGGERS = (
    [f"DROP TRIGGER journal_refuses_{change} ON journal" for change in ("update", "delete", "truncate")]
    if on_postgres()
    else ["DROP TRIGGER journal_refuses_update", "DROP TRIGGER journal_refuses_delete"]
)


def _said(*arguments: str, **options: object) -> str:
    out = StringIO()
    call_command("journal", *arguments, stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def test_tail_prints_a_line_for_each_event_and_no_value() -> None:
    record([opened("case-1", name="Ada"), submitted("case-1")], now=NOW)

    lines = _said("tail").splitlines()

    assert len(lines) == 2
    assert "CaseOpened" in lines[0]
    assert "Ada" not in lines[0]


def test_tail_starts_and_ends_where_it_is_told() -> None:
    record([submitted(f"case-{n}") for n in range(9)], now=NOW)

    said = _said("tail", "--after", "3", "--limit", "2")

    assert [line.split()[0] for line in said.splitlines()] == ["4", "5"]


def test_tail_can_be_narrowed_to_one_case() -> None:
    record([submitted("a"), submitted("b"), submitted("a")], now=NOW)

    assert len(_said("tail", "--subject", "a").splitlines()) == 2


def test_a_sound_journal_is_called_sound() -> None:
    record([opened(), submitted()], now=NOW)

    assert _said("verify").startswith("sound: 2 events")


def test_rebuild_says_what_it_did() -> None:
    record([submitted()], now=NOW)

    assert "from 1 events" in _said("rebuild")


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("DELETE FROM journal WHERE position = 2", "positions 2 to 2 are not there"),
        ("UPDATE journal SET sequenced_at_us = 1 WHERE position = 3", "the time falls at 3"),
        ("UPDATE journal SET keyseq = 0 WHERE position = 3", "the order of its key falls at 3"),
        ("UPDATE journal SET unit = 9 WHERE position = 3", "3 lies outside its unit"),
        ("UPDATE journal SET payload = substr(payload, 1, 1) WHERE position = 3", "the bytes at 3 are no"),
    ],
)
def test_every_kind_of_damage_is_found(damage: str, found: str) -> None:
    record([submitted(), submitted(), submitted()], now=NOW)
    assert head().position == 3
    with connection.cursor() as cursor:
        for trigger in _TRIGGERS:
            cursor.execute(trigger)
        cursor.execute(damage)

    said = list(faults())

    assert len([line for line in said if "trigger" in line]) == len(_TRIGGERS)
    assert any(found in line for line in said)
    with pytest.raises(CommandError, match="not sound"):
        _said("verify")


def test_a_hole_at_the_end_cannot_hide_an_event() -> None:
    record([submitted()], now=NOW)
    head()
    others = [name for name in COLUMNS if name not in {"position", "id", "keyseq"}]
    copied = f"INSERT INTO journal (position, id, keyseq, {', '.join(others)}) SELECT 5, %s, 2, "
    with connection.cursor() as cursor:
        cursor.execute(f"{copied} {', '.join(others)} FROM journal", [UUID(int=5).bytes])

    assert "positions 2 to 4 are not there" in list(faults())
