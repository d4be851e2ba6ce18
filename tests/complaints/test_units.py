"""What one transaction says stays together, in the order of its keys, however it lies in the outbox.

Everything is committed before the sequencer looks for the first time: what it finds is what the test made.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import transaction

from events.journal import after, head, record
from tests.complaints.marks import ON_POSTGRES
from tests.complaints.sessions import Session
from tests.events.makers import NOW, submitted
from tests.sequencing import sequencer, settled

pytestmark = [*ON_POSTGRES, pytest.mark.usefixtures("empty")]
Begin = Callable[[], Session]


def _sequence() -> None:
    with sequencer():
        settled()


def test_units_that_share_a_key_are_ordered_by_it_though_the_later_one_inserted_first(begin: Begin) -> None:
    later, earlier = begin(), begin()
    later.say(submitted("of the later one"))
    earlier.say(submitted("case", by="first"), submitted("of the earlier one"))
    waiting = later.start(lambda: record([submitted("case", by="second")], now=NOW))
    earlier.commit()
    waiting.result(5)

    later.commit()
    _sequence()

    told = [event.envelope for event in after(0)]
    assert [e.keyseq for e in told if e.subject == "case"] == [1, 2]
    assert [(e.unit, e.unit_last) for e in told] == [(1, 2), (1, 2), (3, 4), (3, 4)]


def test_an_event_said_by_two_at_once_is_one_event(begin: Begin) -> None:
    draft = submitted("case", event_id=UUID(int=7))
    first, second = begin(), begin()
    first.say(draft)
    waiting = second.start(lambda: record([draft], now=NOW))

    first.commit()
    waiting.result(5)
    second.commit()
    _sequence()

    assert head().position == 1


def test_a_unit_larger_than_a_batch_is_never_split() -> None:
    with transaction.atomic():
        for _ in range(2):
            record([submitted("case")] * 600, now=NOW)
    record([submitted("next")], now=NOW)
    _sequence()

    rows = [e.envelope for start in (0, 1000) for e in after(start)]
    assert {(e.unit, e.unit_last) for e in rows[:1200]} == {(1, 1200)}
    assert [e.position for e in rows] == list(range(1, 1202))
