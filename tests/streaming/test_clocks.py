"""A server whose clock is ten minutes off: the order and completeness of records do not depend on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from access.clients import issue_key
from streaming.following.pace import Pace
from tests.streaming import told
from tests.streaming.conftest import QUICK, Client, Holder, House
from tests.streaming.following.test_tickets_on_feeds import greeted, ticket, until_closed
from tests.streaming.readers import lines, numbers, records

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keys", "feed"])
_OFF = timedelta(minutes=10)
_AHEAD, _RIGHT, _BEHIND = _OFF, timedelta(), -_OFF

Serve = Callable[[Pace], str]


def _by(offset: timedelta) -> Pace:
    return replace(QUICK, clock=lambda: datetime.now(UTC) + offset)


def _told_by_wandering_clocks(house: House) -> Client:
    """Cases of processes whose clocks disagree: what happens later is dated earlier."""
    client = house.client()
    for offset in (_RIGHT, _AHEAD, _BEHIND, _RIGHT, _BEHIND):
        house.now = datetime.now(UTC) + offset
        client.case(told.received())
        house.write()
    house.now = datetime.now(UTC)
    return client


def _status(address: str, holder: Holder | Client, case: str = "") -> int:
    path = f"/v1/cases/{case}/feed" if case else "/v1/feed"
    url = f"http://{address}{path}?until=caught_up"
    return httpx.get(url, headers=holder.auth, timeout=10).status_code


def test_records_are_in_order_and_whole_whatever_their_dates_and_the_servers(
    house: House, serve: Serve
) -> None:
    client = _told_by_wandering_clocks(house)
    heard = [
        lines(serve(_by(off)), "/v1/feed", client.auth, from_="1", wait="0") for off in (_AHEAD, _BEHIND)
    ]

    dates = [record["recorded_at"] for record in records(heard[0])]
    assert dates != sorted(dates)
    assert [numbers(frames) for frames in heard] == [list(range(1, 16))] * 2
    assert records(heard[0]) == records(heard[1])


def test_a_reader_who_changes_to_a_server_of_another_time_misses_and_repeats_nothing(
    house: House, serve: Serve
) -> None:
    client = _told_by_wandering_clocks(house)
    ahead, behind = serve(_by(_AHEAD)), serve(_by(_BEHIND))
    got = records(lines(ahead, "/v1/feed", client.auth, from_="1", limit="4"))
    for address in (behind, ahead, behind):
        got += records(
            lines(address, "/v1/feed", client.auth, after=str(got[-1]["cursor"]), limit="4", wait="0")
        )

    assert numbers(got) == list(range(1, 16))


@pytest.mark.parametrize(("offset", "code"), [(_AHEAD, 4101), (_RIGHT, 1000), (_BEHIND, 1000)])
def test_a_ticket_ends_by_the_servers_clock(house: House, serve: Serve, offset: timedelta, code: int) -> None:
    client = house.client()

    with greeted(serve(_by(offset)), ticket=ticket(client), until="caught_up") as socket:
        assert until_closed(socket)[1] == code


@pytest.mark.parametrize(("offset", "status"), [(_AHEAD, 401), (_RIGHT, 200), (_BEHIND, 200)])
def test_a_key_and_a_phones_token_end_by_the_servers_clock(
    house: House, serve: Serve, offset: timedelta, status: int
) -> None:
    client, ends = house.client(), house.now + timedelta(minutes=5)
    key = issue_key(client=client.name, now=house.now, live=True, expires_at=ends)
    case = client.case(told.received())
    phone = case.phone(lasts=timedelta(minutes=5))
    house.write()
    address = serve(_by(offset))

    assert _status(address, Holder({"Authorization": f"Bearer {key}"})) == status
    assert _status(address, phone, case.id) == status


def test_an_open_stream_ends_when_its_key_does_by_the_servers_clock(house: House, serve: Serve) -> None:
    client = house.client()
    ends = house.now + _OFF + timedelta(seconds=1)
    key = issue_key(client=client.name, now=house.now, live=True, expires_at=ends)

    frames = lines(serve(_by(_AHEAD)), "/v1/feed", {"Authorization": f"Bearer {key}"})

    assert (frames[-1]["frame"], frames[-1]["reason"]) == ("bye", "expired")
