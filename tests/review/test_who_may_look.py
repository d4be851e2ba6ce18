"""Nobody but staff with the permission looks, and nobody writes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client as Browser
from django.urls import reverse

from access.clients import switch_reviewers
from access.dials import Limit, RegisterDial, set_register_dial
from access.policies import change_policy
from access.principals import Principal
from access.sharing import join_group
from events import journal
from events.journal import Draft
from protocol.ids import to_us
from protocol.schemas.decisions_v1_pb2 import TrustReserved
from tests.review.building import Desk
from tests.review.conftest import signed_in
from tests.review.looking import CASES, CLIENTS, case_at, client_at, page_of, picture_at, views_of

pytestmark = pytest.mark.django_db(databases="__all__")

Address = Callable[[Desk], str]
ADDRESSES: dict[str, Address] = {
    "overview": lambda _: reverse("admin:index"),
    "cases": lambda _: CASES,
    "case": lambda desk: case_at(desk.case),
    "picture": lambda desk: picture_at(desk.case, desk.case),
    "clients": lambda _: CLIENTS,
    "client": lambda desk: client_at(desk.row.client),
}
OF_CASES = [ADDRESSES[name] for name in ("cases", "case", "picture")]


@pytest.mark.parametrize("address", ADDRESSES.values(), ids=ADDRESSES)
def test_a_stranger_is_sent_to_the_sign_in_page(desk: Desk, address: Address) -> None:
    answer = Browser().get(address(desk))

    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, reverse("admin:login"))
    assert views_of(desk.case) == []


@pytest.mark.parametrize("address", ADDRESSES.values(), ids=ADDRESSES)
def test_somebody_signed_in_who_is_no_staff_sees_nothing(desk: Desk, address: Address) -> None:
    answer = signed_in("visitor", staff=False, may=("view_case", "view_client")).get(address(desk))

    assert answer.status_code == 302


@pytest.mark.parametrize("address", OF_CASES)
def test_staff_without_the_permission_see_no_case(desk: Desk, address: Address) -> None:
    answer = signed_in("clerk", staff=True).get(address(desk))

    assert answer.status_code == 403
    assert views_of(desk.case) == []


def test_staff_without_the_permission_are_told_so_on_the_overview(desk: Desk) -> None:
    answer = signed_in("clerk", staff=True).get(reverse("admin:index"))

    assert "no permission to see cases" in answer.content.decode()


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("address", list(ADDRESSES.values())[1:], ids=list(ADDRESSES)[1:])
def test_only_looking_is_answered_at_every_address(
    db: None, desk: Desk, address: Address, method: str
) -> None:
    boss = signed_in("boss", staff=True, may=_everything())

    answer = getattr(boss, method)(address(desk), {}, content_type="application/json")

    assert answer.status_code == 405
    assert desk.row.reference == "order-1"


@pytest.mark.parametrize("page", ["verification_case", "access_client"])
def test_nothing_can_be_added_or_deleted_even_with_every_permission(desk: Desk, page: str) -> None:
    boss = signed_in("boss", staff=True, may=_everything())
    key = desk.case if page == "verification_case" else desk.row.client

    for address in (reverse(f"admin:{page}_add"), reverse(f"admin:{page}_delete", args=[key])):
        assert boss.get(address).status_code == 403
        assert boss.post(address, {"post": "yes"}).status_code in {403, 405}


def test_staff_accounts_cannot_be_made_in_a_browser(reviewer: Browser) -> None:
    assert reviewer.get("/admin/auth/user/").status_code == 404


def test_a_clients_page_shows_its_keys_and_never_a_secret(reviewer: Browser, asker: Principal) -> None:
    page = page_of(reviewer, client_at(asker.client))

    assert asker.key_id in page
    assert "cases:write" in page
    assert "vouch_live_" not in page
    assert "sha256" not in page


def _everything() -> tuple[str, ...]:
    deeds = ("view", "add", "change", "delete")
    return tuple(f"{deed}_{what}" for deed in deeds for what in ("case", "client"))


def test_a_clients_page_says_what_it_lets_follow_for_which_stake(reviewer: Browser, asker: Principal) -> None:
    change_policy(client=asker.client, name="middle", text=_MIDDLE, now=datetime.now(UTC))

    page = page_of(reviewer, client_at(asker.client))

    assert "over 10.00 up to 100.00 GBP" in page
    assert "any other" in page
    assert "&quot;passport&quot;" in page


def test_a_clients_page_says_what_stands_approved_on_trust(reviewer: Browser, asker: Principal) -> None:
    now, client = datetime.now(UTC), asker.client
    before = page_of(reviewer, client_at(client))
    dial = RegisterDial(on=True, limits=(Limit("GBP", "512.00", "51.00"),))
    set_register_dial(client=client, dial=dial, now=now)
    for case, minutes in (("one", 15), ("other", 15), ("over", -1)):
        until_us = to_us(now + timedelta(minutes=minutes))
        reserved = TrustReserved(decision_id="d", amount="20.25", currency="GBP", until_us=until_us)
        journal.record([Draft(message=reserved, subject=case, client=client, source="decisions")], now=now)

    page = page_of(reviewer, client_at(client))

    assert "then the policy decides without it" in before
    assert "<th scope='row'>GBP</th><td>512.00</td><td>51.00</td>" in page
    assert "<th scope='row'>GBP</th><td>40.50</td><td>2</td><td>live</td>" in page


_MIDDLE = """{
  "stake": {"currency": "GBP", "over": "10.00", "up_to": "100.00"},
  "rules": [{"outcome": "approve", "when": {"document": ["passport"]}}]
}"""


def test_a_clients_page_says_whether_its_own_reviewers_decide(reviewer: Browser, asker: Principal) -> None:
    assert "decide no cases" in page_of(reviewer, client_at(asker.client))

    switch_reviewers(client=asker.client, on=True, now=datetime.now(UTC))

    assert "may decide its cases" in page_of(reviewer, client_at(asker.client))


def test_a_clients_page_says_in_which_groups_its_cases_are_compared(
    reviewer: Browser, asker: Principal
) -> None:
    address = client_at(asker.client)
    assert "Sharing groups" in page_of(reviewer, address)

    join_group(client=asker.client, group="betting-uk", legal_ground="an agreement", now=datetime.now(UTC))

    page = page_of(reviewer, address)
    assert "betting-uk" in page
    assert "an agreement" in page
