"""Numbers within a key are each used once, whatever a writer remembers; the journal has them in order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction

from events.journal import after, hold, record
from tests.complaints.marks import ON_POSTGRES
from tests.complaints.sessions import Session
from tests.events.makers import NOW, by, submitted
from tests.sequencing import sequencer, settled

pytestmark = [*ON_POSTGRES, pytest.mark.usefixtures("empty")]
Begin = Callable[[], Session]


def _told(key: str) -> list[tuple[int, str]]:
    with sequencer():
        settled()
    return [(e.envelope.keyseq, by(e)) for e in after(0, subject=key)]


def test_a_number_of_a_transaction_taken_back_is_given_to_the_next_event() -> None:
    record([submitted("case", by="first")], now=NOW)
    with transaction.atomic():
        record([submitted("case", by="taken back")], now=NOW)
        transaction.set_rollback(True)

    record([submitted("case", by="second")], now=NOW)

    assert _told("case") == [(1, "first"), (2, "second")]


def test_a_number_that_somebody_else_took_meanwhile_is_not_used_again(begin: Begin) -> None:
    with transaction.atomic():
        hold("case")
        record([submitted("case", by="first")], now=NOW)
    other = begin()
    other.say(submitted("case", by="theirs"))
    other.commit()

    record([submitted("case", by="ours")], now=NOW)

    assert _told("case") == [(1, "first"), (2, "theirs"), (3, "ours")]


def test_a_unit_that_began_early_with_another_key_comes_after_what_its_key_waited_for(begin: Begin) -> None:
    early = begin()
    early.say(submitted("other", by="early"))
    record([submitted("case", by="first")], now=NOW)
    early.say(submitted("case", by="second"))
    early.commit()

    assert _told("case") == [(1, "first"), (2, "second")]
