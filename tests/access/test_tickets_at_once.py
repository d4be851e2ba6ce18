"""Tickets that several processes use, and several requests make, at the same moment."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from access import tickets
from access.clients import add_client
from access.models import Ticket
from access.principals import Principal, authenticate
from access.tickets import Narrowing, mint
from config.environment import ROOT
from protocol.problems import Refused
from tests.access.conftest import NOW
from tests.rebuilding import empty_journal

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

_MANY = 40
# Uses each of the tickets of standard input in order, and prints those it got in by.
_USER = f"""
import sys, django
django.setup()
from datetime import datetime
from django.db import connections
from access.principals import Unauthorised
from access.tickets import redeem
connections["default"].settings_dict["NAME"] = sys.argv[1]
connections["default"].ensure_connection()
print("ready", flush=True)
for line in sys.stdin:
    try:
        redeem(line.strip(), now=datetime.fromisoformat({NOW.isoformat()!r}))
        print(line.strip())
    except Unauthorised:
        pass
"""


@pytest.fixture
def asker(transactional_db: None) -> Principal:
    empty_journal()
    return authenticate(f"Bearer {add_client(name='Betting Ltd', now=NOW)[1]}", now=NOW)


def _user() -> subprocess.Popen[str]:
    name = str(connections["default"].settings_dict["NAME"])
    return subprocess.Popen(
        [sys.executable, "-c", _USER, name],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_of_two_processes_that_use_the_same_tickets_at_once_one_gets_in_by_each(asker: Principal) -> None:
    made = [mint(asker, Narrowing(), now=NOW).ticket for _ in range(_MANY)]
    users = [_user() for _ in range(2)]
    assert [user.stdout.readline() for user in users if user.stdout] == ["ready\n"] * 2

    with ThreadPoolExecutor(2) as threads:
        sent = [threads.submit(user.communicate, "\n".join(made), 60) for user in users]
        got = [ticket for one in sent for ticket in one.result()[0].split()]

    assert [user.returncode for user in users] == [0, 0]
    assert sorted(got) == sorted(made)
    assert not Ticket.objects.exists()


def test_many_requests_at_once_do_not_make_more_tickets_than_a_client_may_have(
    asker: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tickets, "MOST_UNUSED", 5)
    start = Barrier(8)

    def one() -> str:
        try:
            start.wait(5)
            return mint(asker, Narrowing(), now=NOW).ticket
        except Refused as refused:
            return refused.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        got = [future.result(30) for future in [threads.submit(one) for _ in range(8)]]

    assert got.count("rate_limited") == 3
    assert Ticket.objects.count() == 5
