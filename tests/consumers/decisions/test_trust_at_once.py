"""Processes that share the work take from one cap at the same moment, and never too much together."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest

from consumers.decisions import trust
from consumers.decisions.room import Wish
from consumers.decisions.trust import Pot, exposures
from deploy.servers.postgres import PostgresServer
from protocol.checks import Check
from subscriber import open_store
from tests.servers.running import fresh_database

pytestmark = pytest.mark.slow
_AT_ONCE, _UNTIL_US = 8, 900
_CALLED: list[str] = []


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
            taken = Pot(store.execute, f"case-{place}", 2, _CALLED.append).take(wish(applicant(place)))
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


def test_room_that_comes_as_others_ask_for_it_is_missed_by_none(address: str) -> None:
    store = open_store(address)
    with store.transaction():
        store.execute("UPDATE trust_limits SET cap = '40.00'")
        for place in range(4):
            Pot(store.execute, f"stands-{place}", 2, _CALLED.append).take(wish(f"holder-{place}"))
    store.close()
    together, called = Barrier(_AT_ONCE), list[str]()

    def give(place: int) -> bool:
        store = open_store(address)
        together.wait()
        with store.transaction():
            Pot(store.execute, f"stands-{place}", 2, called.append).give_back()
        store.close()
        return False

    def ask(place: int) -> bool:
        store, wanted = open_store(address), wish(f"person-{place}")
        together.wait()
        with store.transaction():
            pot = Pot(store.execute, f"case-{place}", 2, called.append)
            if not (taken := pot.take(wanted)):
                pot.wait(wanted, place)
        store.close()
        return taken

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        given = [threads.submit(give, place) for place in range(4)]
        asked = [threads.submit(ask, place) for place in range(4)]
        taken = {f"case-{place}" for place, one in enumerate(asked) if one.result()}
    assert not any(one.result() for one in given)
    assert taken | set(called) == {f"case-{place}" for place in range(4)}


def test_one_applicant_has_trust_once_however_many_ask_at_once(address: str) -> None:
    assert taken_at_once(address, applicant=lambda _: "ada").count(True) == 1
