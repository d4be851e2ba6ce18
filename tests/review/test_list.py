"""The overview and the list of cases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access.principals import Principal
from protocol.schemas import decisions_v1_pb2 as d
from tests.review.building import OPENING, Desk, case_of, company
from tests.review.looking import CASES, CLIENTS, views_of

pytestmark = pytest.mark.django_db(databases="__all__")


def _refer(desk: Desk) -> None:
    policy = d.PolicyVersion(name="low_stake", version=1)
    desk.say(d.DecisionReached(outcome="refer", state="provisional", policy=policy))


def _queries(browser: Browser, address: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert browser.get(address).status_code == 200
    return len(seen)


def test_the_list_names_client_stake_and_decision_and_nothing_personal(reviewer: Browser, desk: Desk) -> None:
    _refer(desk)

    page = reviewer.get(CASES).content.decode()

    for words in ("order-1", "Betting Ltd", "2.00 GBP", "Refer, provisional", "In review"):
        assert words in page
    assert "ada@example.org" not in page
    assert views_of(desk.case) == []


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("status=open", True),
        ("status=decided", False),
        ("kind=live", True),
        ("kind=test", False),
        ("opened=hour", False),
        ("q=order", True),
        ("q=rder-1", False),
    ],
)
def test_the_list_is_narrowed_by_filters_and_the_start_of_a_reference(
    reviewer: Browser, desk: Desk, query: str, shown: bool
) -> None:
    page = reviewer.get(f"{CASES}?{query}").content.decode()

    assert (desk.case in page) is shown


def test_the_list_is_narrowed_to_one_client(reviewer: Browser, desk: Desk) -> None:
    other = company("Other Ltd")

    assert desk.case in reviewer.get(f"{CASES}?client={desk.row.client}").content.decode()
    assert desk.case not in reviewer.get(f"{CASES}?client={other.client}").content.decode()


def test_a_case_is_found_by_its_whole_id(reviewer: Browser, desk: Desk, asker: Principal) -> None:
    other = case_of(asker, replace(OPENING, reference="order-2"))

    page = reviewer.get(f"{CASES}?q={desk.case}").content.decode()

    assert desk.case in page
    assert other not in page


@pytest.mark.parametrize("address", [CASES, CLIENTS])
def test_a_longer_list_asks_the_database_no_more(reviewer: Browser, desk: Desk, address: str) -> None:
    reviewer.get(address)
    short = _queries(reviewer, address)
    for number in range(5):
        case_of(company(f"Company {number}"), replace(OPENING, reference=f"more-{number}"))

    assert _queries(reviewer, address) == short


def test_the_overview_counts_cases_and_lists_what_waits(reviewer: Browser, desk: Desk) -> None:
    nothing = reviewer.get(reverse("admin:index")).content.decode()
    _refer(desk)
    waiting = reviewer.get(reverse("admin:index")).content.decode()

    assert "Nothing waits" in nothing
    assert "Nothing waits" not in waiting
    assert desk.case in waiting


def test_the_overview_of_a_fresh_installation_says_where_cases_come_from(reviewer: Browser) -> None:
    assert "No case was opened yet" in reviewer.get(reverse("admin:index")).content.decode()


def test_a_client_name_of_markup_is_shown_as_text(reviewer: Browser) -> None:
    case_of(company("<b>Bold</b> Ltd"))

    page = reviewer.get(CASES).content.decode()

    assert "<b>Bold</b>" not in page
    assert "&lt;b&gt;Bold&lt;/b&gt; Ltd" in page
