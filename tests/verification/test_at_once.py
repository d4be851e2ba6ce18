"""Several requests about one case at the same moment: each decides on what the others have done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest
from django.db import OperationalError, connections, transaction

from access.principals import Principal, Unauthorised
from events import journal
from events.keys import forget_cached
from events.retrying import retried
from protocol.policies import Outcome
from protocol.problems import Refused
from protocol.schemas.verification_v1_pb2 import ReviewConcluded
from tests.events.makers import submitted
from tests.rebuilding import empty_journal
from tests.sequencing import on_postgres
from tests.verification.conftest import NOW, OPENING
from verification import cases
from verification.cases import Opened
from verification.decide_review import Conclusion
from verification.idempotency import request

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
T = TypeVar("T")
_MANY = 5


@pytest.fixture(autouse=True)
def _own_journal(transactional_db: None) -> None:
    empty_journal()
    forget_cached()


def _at_once(do: Callable[[], T], times: int = _MANY) -> list[T | Refused]:
    """Do something in several threads, started together; gives what each got."""
    start = Barrier(times)

    def one() -> T | Refused:
        try:
            start.wait(5)
            return do()
        except Refused as refused:
            return refused
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as threads:
        return [future.result(30) for future in [threads.submit(one) for _ in range(times)]]


def _said(case: str) -> Counter[str]:
    return Counter(type(event.message).__name__ for event in journal.after(0, subject=case))


def test_a_case_withdrawn_by_several_at_once_is_withdrawn_once(case: str) -> None:
    _at_once(lambda: cases.withdraw(case, by="client", now=NOW))

    assert _said(case)["CaseWithdrawn"] == 1


def test_a_case_decided_alike_by_several_at_once_is_decided_once(case: str) -> None:
    said = Conclusion(by="client", reviewer_id="ak_1", outcome=Outcome.DECLINE)

    _at_once(lambda: cases.conclude_review(case, said, now=NOW))

    assert _said(case)["ReviewConcluded"] == 1


def test_of_several_who_decide_otherwise_at_once_each_corrects_the_one_before(case: str) -> None:
    outcomes = iter([Outcome.APPROVE, Outcome.DECLINE] * 2)

    _at_once(
        lambda: cases.conclude_review(
            case, Conclusion(by="client", reviewer_id="ak_1", outcome=next(outcomes)), now=NOW
        ),
        times=4,
    )

    told = [e for e in journal.after(0, subject=case) if isinstance(e.message, ReviewConcluded)]
    ids = ["", *(str(e.envelope.id) for e in told)]
    assert [e.message.corrects for e in told if isinstance(e.message, ReviewConcluded)] == ids[:-1]


def test_several_phones_draw_the_same_challenge_at_once(case: str) -> None:
    drawn = _at_once(lambda: cases.draw_challenge(case, now=NOW))

    assert len({one.id for one in drawn if not isinstance(one, Refused)}) == 1
    assert _said(case)["ChallengeDrawn"] == 1


def test_one_request_sent_several_times_at_once_opens_one_case(asker: Principal) -> None:
    once = request("one-key", {})

    opened = _at_once(lambda: cases.open_case(asker, OPENING, once=once, now=NOW))

    assert len({one.id for one in opened if isinstance(one, Opened)}) == 1
    assert not [one for one in opened if isinstance(one, Refused)]


def test_a_capture_code_changed_by_several_at_once_gives_one_token(opened: Opened) -> None:
    got = _at_once(lambda: cases.exchange_code(opened.grant.code, now=NOW))

    assert len([one for one in got if not isinstance(one, Unauthorised)]) == 1


@pytest.mark.skipif(not on_postgres(), reason="SQLite has one lock, and so no deadlock")
def test_of_two_that_block_each_other_the_one_taken_back_is_done_once_more() -> None:
    meet, tries = Barrier(2), Counter[str]()

    @retried
    def say(first: str, second: str) -> None:
        with transaction.atomic():
            journal.hold(first)
            tries[first] += 1
            if tries[first] == 1:
                meet.wait(5)
            journal.record([submitted(second, by=first)], now=NOW)

    orders = iter([("a", "b"), ("b", "a")])
    _at_once(lambda: say(*next(orders)), times=2)

    assert sorted(tries.values()) == [1, 2]
    assert journal.head().position == 2


@pytest.mark.skipif(not on_postgres(), reason="SQLite has one lock, and so no deadlock")
def test_what_the_database_takes_back_twice_is_left_to_the_caller() -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION pg_temp.refuse() RETURNS void LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no serial order' USING ERRCODE = '40001'; END $$"
        )
    tries = []

    @retried
    def refused() -> None:
        tries.append(1)
        with transaction.atomic(), connections["default"].cursor() as cursor:
            cursor.execute("SELECT pg_temp.refuse()")

    with pytest.raises(OperationalError):
        refused()

    assert len(tries) == 2
