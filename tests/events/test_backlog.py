"""What waits for its position is counted: nothing on SQLite, the outbox on PostgreSQL."""

from __future__ import annotations

import pytest

from events.journal import backlog, head, record
from protocol.ids import to_us
from tests.events.makers import NOW, opened, submitted
from tests.sequencing import on_postgres

pytestmark = [pytest.mark.django_db(databases="__all__")]


def test_what_was_said_waits_until_it_has_its_position() -> None:
    record([opened(), submitted()], now=NOW)

    assert backlog() == ((2, to_us(NOW)) if on_postgres() else (0, 0))

    assert head().position == 2
    assert backlog() == (0, 0)
