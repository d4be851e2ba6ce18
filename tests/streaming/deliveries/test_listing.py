"""`GET /v1/clients/me/deliveries`, and the back office's page of the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client as Browser
from django.urls import reverse
from pytest_django import Settings
from rest_framework.test import APIClient

from access.clients import add_client, issue_key
from access.principals import Principal, authenticate
from streaming.deliveries.delivery import Delivery
from streaming.deliveries.writer import Writer
from tests.review.conftest import signed_in
from tests.verification.api.conftest import caller

pytestmark = pytest.mark.django_db(databases="__all__")

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
CASE = "01990000-0000-7000-8000-000000000001"
URL = "/v1/clients/me/deliveries"
LIST = reverse("admin:streaming_loggeddelivery_changelist")


@pytest.fixture(autouse=True)
def _no_collected_files(settings: Settings) -> None:
    settings.STATIC_ROOT = None


@pytest.fixture
def key(db: None) -> str:
    return add_client(name="Betting Ltd", now=NOW)[1]


def _who(key: str) -> Principal:
    return authenticate(f"Bearer {key}", now=NOW)


def _opened(key: str, *, part: str = "0/1", at: datetime = NOW, ended: bool = False) -> Delivery:
    """Open a connection by a key, tell it of a gap, and write all of it."""
    writer = Writer(lambda: at)
    delivery = writer.open(_who(key), form="ndjson", part=part, first=75, subscription="till")
    delivery.sent(90)
    delivery.acked(80)
    delivery.gap(from_=76, to=79, oldest=80, reason="retention")
    if ended:
        delivery.close("max_age")
    writer.step()
    return delivery


def _listed(key: str, query: str = "") -> list[dict[str, object]]:
    answer = caller(key).get(URL + query)
    assert answer.status_code == 200
    return list(answer.json()["deliveries"])


def test_a_client_sees_its_connections_with_positions_and_gaps(key: str) -> None:
    delivery = _opened(key, ended=True)

    assert caller(key).get(URL).json() == {
        "deliveries": [
            {
                "id": delivery.id,
                "form": "ndjson",
                "key_id": _who(key).key_id,
                "partition": "0/1",
                "case": None,
                "subscription": "till",
                "opened_at": "2026-11-24T10:00:00.000000Z",
                "first": 75,
                "sent": 90,
                "acked": 80,
                "last_seen_at": "2026-11-24T10:00:00.000000Z",
                "closed_at": "2026-11-24T10:00:00.000000Z",
                "reason": "max_age",
                "gaps": [
                    {
                        "from": 76,
                        "to": 79,
                        "oldest": 80,
                        "reason": "retention",
                        "at": "2026-11-24T10:00:00.000000Z",
                    }
                ],
            }
        ],
        "cursor": None,
    }


def test_an_open_connection_to_one_case_says_which_and_has_no_end(key: str) -> None:
    _opened(key, part=CASE)
    told = _listed(key)[0]

    assert (told["case"], told["partition"]) == (CASE, None)
    assert (told["closed_at"], told["reason"]) == (None, None)


def test_a_client_sees_neither_anothers_connections_nor_those_of_its_other_side(key: str) -> None:
    other = add_client(name="Other Ltd", now=NOW)[1]
    test_key = issue_key(client=_who(key).client, now=NOW, live=False)
    mine, of_others, of_test = (_opened(k) for k in (key, other, test_key))

    assert [[d["id"] for d in _listed(k)] for k in (key, other, test_key)] == [
        [mine.id],
        [of_others.id],
        [of_test.id],
    ]
    assert _listed(other, f"?cursor={'f' * 8}-ffff-ffff-ffff-{'f' * 12}")[0]["id"] == of_others.id


def test_pages_follow_each_other_newest_first_without_a_hole(key: str) -> None:
    made = [_opened(key, at=NOW + timedelta(seconds=n)).id for n in range(5)]
    seen: list[str] = []
    query = "?limit=2"
    for size in (2, 2, 1):
        page = caller(key).get(URL + query).json()
        assert len(page["deliveries"]) == size
        seen += [one["id"] for one in page["deliveries"]]
        query = f"?limit=2&cursor={page['cursor']}"

    assert (seen, page["cursor"]) == (made[::-1], None)


def test_a_last_page_that_is_full_leads_nowhere(key: str) -> None:
    for n in range(2):
        _opened(key, at=NOW + timedelta(seconds=n))

    assert caller(key).get(f"{URL}?limit=2").json()["cursor"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?limit=0", "limit"),
        ("?limit=201", "limit"),
        ("?limit=x", "limit"),
        ("?cursor=x", "cursor"),
        ("?cursor=", "cursor"),
        ("?client=cl_1", "client"),
    ],
)
def test_a_query_that_is_wrong_is_refused_with_its_field(key: str, query: str, field: str) -> None:
    answer = caller(key).get(URL + query)

    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "invalid", field)


def test_a_page_has_fifty_unless_more_are_asked_for(key: str) -> None:
    writer = Writer(lambda: NOW)
    for _ in range(201):
        writer.open(_who(key), form="sse", part="0/1", first=1)
    writer.step()

    assert len(_listed(key, "?limit=200")) == 200
    assert len(_listed(key)) == 50


def test_nobody_without_a_key_that_reads_the_feed_sees_the_log(key: str) -> None:
    writer_only = issue_key(client=_who(key).client, now=NOW, live=True, scopes=["cases:write"])

    assert caller(writer_only).get(URL).json()["code"] == "forbidden_scope"
    assert caller("").get(URL).json()["code"] == "unauthorised"
    assert caller(key).post(URL).status_code == 405


def test_the_openapi_document_says_what_a_delivery_is(db: None) -> None:
    document = APIClient().get("/v1/openapi.json").json()
    call = document["paths"][URL]["get"]
    delivery = document["components"]["schemas"]["DeliveryAnswer"]["properties"]

    assert [p["name"] for p in call["parameters"]] == ["cursor", "limit"]
    assert delivery.keys() >= {"partition", "case", "sent", "acked", "gaps"}
    gap = document["components"]["schemas"]["GapAnswer"]["properties"]
    assert gap.keys() == {"from", "to", "oldest", "reason", "at"}


@pytest.fixture
def staff(db: None) -> Browser:
    return signed_in("staff", staff=True, may=("view_loggeddelivery",))


def _ids(browser: Browser, query: str) -> str:
    return browser.get(f"{LIST}{query}").content.decode()


def test_staff_narrow_the_log_by_client_and_by_open_or_closed(key: str, staff: Browser) -> None:
    other = add_client(name="Other Ltd", now=NOW)[1]
    still, ended = _opened(key), _opened(other, ended=True)
    everything = _ids(staff, "")
    assert still.id in everything
    assert ended.id in everything
    assert "Betting Ltd" in everything

    for query in (f"?client={_who(key).client}", "?state=open"):
        assert still.id in _ids(staff, query)
        assert ended.id not in _ids(staff, query)
    assert still.id not in _ids(staff, "?state=closed")


def test_a_connections_page_has_its_gaps(key: str, staff: Browser) -> None:
    delivery = _opened(key)
    page = staff.get(reverse("admin:streaming_loggeddelivery_change", args=[delivery.id])).content.decode()

    assert "Oldest kept" in page
    assert "<th scope='row'>76</th><td>79</td><td>80</td><td>retention</td>" in page


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_staff_only_look_at_the_log(key: str, method: str) -> None:
    deeds = ("view", "add", "change", "delete")
    boss = signed_in("boss", staff=True, may=tuple(f"{deed}_loggeddelivery" for deed in deeds))
    delivery = _opened(key)
    one = reverse("admin:streaming_loggeddelivery_change", args=[delivery.id])

    for address in (LIST, one):
        assert getattr(boss, method)(address, {}, content_type="application/json").status_code == 405
    gone = reverse("admin:streaming_loggeddelivery_delete", args=[delivery.id])
    assert boss.post(gone, {"post": "yes"}).status_code in {403, 405}
    assert delivery.id in _ids(boss, "")


def test_who_may_not_see_the_log_does_not(key: str) -> None:
    _opened(key)

    assert signed_in("clerk", staff=True, may=("view_case",)).get(LIST).status_code == 403
    assert Browser().get(LIST).status_code == 302
