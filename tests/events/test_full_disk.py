"""A full disk: the writer is told to come again, nothing is half done, and it goes on when there is room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection

from events.journal import after, head, record
from events.verify import faults
from tests.events.makers import NOW, opened, submitted
from tests.rebuilding import empty_journal
from tests.sequencing import on_postgres

pytestmark = [
    pytest.mark.django_db(transaction=True, databases="__all__"),
    pytest.mark.skipif(on_postgres(), reason="SQLite's own way to have no room"),
]
_NO_LIMIT = 1_073_741_823


def _limit_pages(most: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA max_page_count = {most}")


@pytest.fixture
def journal() -> Iterator[None]:
    empty_journal()
    # What other tests left free in the file would be room.
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
    yield
    _limit_pages(_NO_LIMIT)
    empty_journal()


@pytest.mark.usefixtures("journal")
def test_a_unit_for_which_there_is_no_room_leaves_nothing_and_the_next_one_follows() -> None:
    record([opened("before")], now=NOW)
    _limit_pages(1)  # SQLite takes the file's size: no page more

    with pytest.raises(OperationalError, match="full"):
        record([submitted("lost", by="x" * 4_000) for _ in range(1_000)], now=NOW)
    _limit_pages(_NO_LIMIT)
    record([submitted("after")], now=NOW)

    assert [event.envelope.subject for event in after(0)] == ["before", "after"]
    assert (head().position, list(faults())) == (2, [])
