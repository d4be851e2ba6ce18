"""A client's dial for the licence register, and what stands approved on trust."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from access.dials import Limit, RegisterDial, limits_of, register_dial, set_register_dial
from access.models import Trust
from events import journal
from protocol.ids import to_us
from protocol.problems import Refused
from protocol.schemas import client_v1_pb2 as c
from protocol.schemas import decisions_v1_pb2 as d
from tests.access.conftest import NOW

pytestmark = pytest.mark.django_db(databases="__all__")

ON = RegisterDial(on=True, limits=(Limit("GBP", "500.00", "50.00"),))


@pytest.fixture
def client(client_and_key: tuple[str, str]) -> str:
    return client_and_key[0]


def said(client: str) -> list[c.RegisterDialSet]:
    events = journal.after(0, subject=client)
    return [event.message for event in events if isinstance(event.message, c.RegisterDialSet)]


def test_a_client_s_dial_is_off_until_it_is_set(client: str) -> None:
    assert register_dial(client) == RegisterDial(on=False, limits=())


def test_a_dial_is_set_by_an_event(client: str) -> None:
    set_register_dial(client=client, dial=ON, now=NOW)

    assert register_dial(client) == ON
    limit = c.TrustLimit(currency="GBP", cap="500.00", up_to="50.00")
    assert said(client) == [c.RegisterDialSet(on=True, limits=[limit], wait_s=900)]


def test_the_same_again_is_no_new_event(client: str) -> None:
    for _ in range(2):
        set_register_dial(client=client, dial=ON, now=NOW)
    set_register_dial(client=client, dial=RegisterDial(), now=NOW)
    set_register_dial(client=client, dial=RegisterDial(), now=NOW)

    assert [one.on for one in said(client)] == [True, False]


def test_a_dial_that_is_off_has_no_limits(client: str) -> None:
    off = RegisterDial(on=False, limits=ON.limits)

    assert set_register_dial(client=client, dial=off, now=NOW) == RegisterDial()
    assert said(client) == []


def test_a_dial_of_nobody_and_one_without_a_cap_are_refused(client: str) -> None:
    with pytest.raises(Refused, match="no client"):
        set_register_dial(client="cl_nobody", dial=ON, now=NOW)
    with pytest.raises(Refused, match="cap"):
        set_register_dial(client=client, dial=RegisterDial(on=True), now=NOW)

    assert register_dial(client) == RegisterDial()


@pytest.mark.parametrize("wait_s", [0, 119, 901])
def test_a_time_that_is_too_short_or_too_long_is_refused(client: str, wait_s: int) -> None:
    with pytest.raises(Refused, match="120 to 900 seconds"):
        set_register_dial(client=client, dial=replace(ON, wait_s=wait_s), now=NOW)

    assert said(client) == []


def test_the_time_that_it_is_waited_for_is_set_with_it(client: str) -> None:
    set_register_dial(client=client, dial=ON, now=NOW)
    set_register_dial(client=client, dial=replace(ON, wait_s=120), now=NOW)

    assert register_dial(client).wait_s == 120
    assert [one.wait_s for one in said(client)] == [900, 120]


def test_a_dial_that_was_set_before_its_time_could_be_chosen_lasts_as_it_did(client: str) -> None:
    before = c.RegisterDialSet(on=True, limits=[c.TrustLimit(currency="GBP", cap="1.00")])
    journal.record([journal.Draft(message=before, subject=client, client=client, source="access")], now=NOW)

    assert register_dial(client).wait_s == 900


def test_limits_are_read_by_currency() -> None:
    found = limits_of(["500.00 GBP", "300 EUR"], ["50.00 GBP"])

    assert found == (Limit("EUR", "300"), Limit("GBP", "500.00", "50.00"))


@pytest.mark.parametrize(
    ("caps", "up_to", "why"),
    [
        (["500.00"], [], "no money"),
        (["-1.00 GBP"], [], "no money"),
        (["1.00001 GBP"], [], "no money"),
        (["1.00 XXX"], [], "no money"),
        (["1.00 GBP", "2.00 GBP"], [], "twice"),
        (["1.00 GBP"], ["1.01 GBP"], "more GBP"),
        (["1.00 GBP"], ["1.00 EUR"], "more EUR"),
    ],
)
def test_limits_that_are_none_are_refused(caps: list[str], up_to: list[str], why: str) -> None:
    with pytest.raises(Refused, match=why):
        limits_of(caps, up_to)


def test_staff_set_a_dial_by_command(client: str) -> None:
    out = StringIO()

    call_command(
        "client", "dial", client, "register", "on", "--cap", "500.00 GBP", "--up-to", "50.00 GBP", stdout=out
    )

    assert register_dial(client) == ON
    assert out.getvalue().splitlines() == [
        f"the register dial of {client} is on, it is waited for 15 minutes",
        "  on trust at once up to 500.00 GBP, in one case 50.00",
    ]


def test_staff_turn_a_dial_off_by_command_and_hear_of_mistakes(client: str) -> None:
    set_register_dial(client=client, dial=ON, now=NOW)

    call_command("client", "dial", client, "register", "off", stdout=StringIO())
    with pytest.raises(CommandError, match="no money"):
        call_command("client", "dial", client, "register", "on", "--cap", "much")

    assert register_dial(client) == RegisterDial()


def test_what_is_reserved_stands_until_it_is_released(client: str) -> None:
    until_us = to_us(NOW) + 1
    reserved = d.TrustReserved(decision_id="d", amount="20.00", currency="GBP", until_us=until_us)
    (event,) = journal.record(
        [journal.Draft(message=reserved, subject="case-1", client=client, source="decisions")], now=NOW
    )
    released = d.TrustReleased(reservation_id=str(event.envelope.id), decision_id="d")

    before = Trust.objects.get().released_at_us
    journal.record(
        [journal.Draft(message=released, subject="case-1", client=client, source="decisions")], now=NOW
    )

    row = Trust.objects.get()
    assert (before, row.released_at_us) == (0, to_us(NOW))
    assert (row.client, row.case, row.amount, row.currency) == (client, "case-1", "20.00", "GBP")
