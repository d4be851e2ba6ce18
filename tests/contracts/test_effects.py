"""Whichever database it is: an outside effect is asked for once, or is visibly in doubt."""

from __future__ import annotations

import pytest

from protocol.envelope import from_record
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Context, Doubt, Effect, Store, make_effects, unsettled
from subscriber.context import EventCause
from subscriber.ledger import Ledger
from tests.contracts.test_stores import NOW, ledger, store
from tests.subscriber.makers import Journal

__all__ = ["ledger", "store"]

pytestmark = [pytest.mark.django_db(databases="__all__")]


@pytest.mark.parametrize(("doubt", "again"), [(Doubt.HOLD, []), (Doubt.RESEND, [2])])
def test_an_effect_asked_twice_without_an_answer_is_held_or_counted(
    store: Store, ledger: Ledger, doubt: Doubt, again: list[int]
) -> None:
    make_effects(store)
    event = from_record(Journal().write(v.CaseSubmitted(by="client")))
    letter, ctx = Effect("letter", doubt), Context(EventCause(event, "s"), ledger, NOW)

    calls = [letter.asked(event, ctx), letter.asked(event, ctx)]

    assert [call.times for call in calls if call is not None] == [1, *again]
    assert [(one.held, one.asked_at) for one in unsettled(store)] == [(not again, NOW)]
