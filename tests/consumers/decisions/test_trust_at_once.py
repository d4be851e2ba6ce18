"""Processes that share the work take from one cap at the same moment, and never too much together."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest

from consumers.decisions import trust
from consumers.decisions.trust import Pot, Wish, exposures
from deploy.servers.postgres import PostgresServer
from protocol.checks import Check
from subscriber import open_store
from tests.servers.running import fresh_database

pytestmark = pytest.mark.slow
_AT_ONCE, _UNTIL_US = 8, 900


def wish(applicant: str) -> Wish:
    return Wish(
        client="cl_1",
        live=True,
        applicant=applicant,
        amount="10.00",
        currency="GBP",
        check=Check.REGISTER,
        until_us=_UNTIL_US,
    )


@pytest.fixture
def address(postgres: PostgresServer) -> str:
    made = fresh_database(postgres)
    store = open_store(made)
    with store.transaction():
        trust.prepare(store)
        store.execute("INSERT INTO trust_limits VALUES ('cl_1', 'GBP', '35.00', '')")
        store.execute("INSERT INTO trust_outages VALUES ('register', 1)")
    store.close()
    return made


def taken_at_once(address: str, applicant: Callable[[int], str]) -> list[bool]:
    """Have eight processes take a stake each, at the same moment."""
    together = Barrier(_AT_ONCE)

    def take(place: int) -> bool:
        store = open_store(address)
        store.execute("SELECT 1")
        together.wait()
        with store.transaction():
            taken = Pot(store.execute, f"case-{place}", 2).take(wish(applicant(place)))
        store.close()
        return taken

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return list(threads.map(take, range(_AT_ONCE)))


def test_together_they_stay_within_the_cap(address: str) -> None:
    taken = taken_at_once(address, applicant=lambda place: f"person-{place}")

    store = open_store(address)
    (stands,) = exposures(store.execute, 2)
    store.close()
    assert taken.count(True) == 3
    assert (stands.amount, stands.cases) == (Decimal("30.00"), 3)


def test_one_applicant_has_trust_once_however_many_ask_at_once(address: str) -> None:
    assert taken_at_once(address, applicant=lambda _: "ada").count(True) == 1
