"""The feed made anew: the same bytes; a hole closed; and never another record under a number once read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from io import StringIO

import httpx
import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from events.epochs import declare_restored
from events.journal import head
from protocol.schemas.verification_v1_pb2 import ReviewRequested
from streaming.models import FeedCase, FeedHead, FeedRecord
from streaming.writing.rebuild import Renumbers, rebuild_feed
from streaming.writing.run import bring_up_to_journal, build_runner
from tests.rebuilding import empty_journal
from tests.restoring import put_back
from tests.streaming import told
from tests.streaming.conftest import Client, House
from tests.streaming.readers import lines, records

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
MODELS = (FeedRecord, FeedHead, FeedCase)


@pytest.fixture
def client(house: House) -> Iterator[Client]:
    empty_journal()
    client = house.client()
    for _ in range(3):
        client.case(told.received(), told.fields(("family_name", "LOVELACE")), told.completed())
    house.write()
    yield client
    empty_journal()


def _bytes() -> list[tuple[object, ...]]:
    return [
        tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)
        for model in MODELS
        for row in model.objects.order_by("pk").values_list()
    ]


def _lose_the_last_events(count: int) -> None:
    """Put the journal back to an earlier state, as a restore of its database does."""
    put_back(head().position - count)


def test_a_feed_made_anew_is_byte_equal(client: Client) -> None:
    before = _bytes()

    done = rebuild_feed()

    assert done.differences == ()
    assert done.position == head().position
    assert _bytes() == before


def test_what_people_asked_for_and_decided_is_told_anew_byte_equal(client: Client, house: House) -> None:
    contest = ReviewRequested(by="applicant")
    case = client.case(told.received(), told.reached("decline"), contest)
    (decided,) = case.say(told.concluded())
    case.say(told.reached("decline"), told.corrected(decided), told.concluded("decline"))
    house.write()
    before = _bytes()

    assert rebuild_feed().differences == ()
    assert _bytes() == before


def test_a_hole_is_closed_with_the_bytes_that_were_there(client: Client) -> None:
    before = _bytes()
    FeedRecord.objects.filter(number=4).delete()

    done = rebuild_feed()

    assert [str(one.kind) for one in done.differences] == ["missing"]
    assert _bytes() == before


def test_a_record_that_was_read_never_changes_in_its_epoch(client: Client) -> None:
    FeedRecord.objects.filter(number=4).update(body=b'{"kind": "case", "data": {}}')
    before = _bytes()

    with pytest.raises(Renumbers, match="1 records that clients may have read"):
        rebuild_feed()

    assert _bytes() == before


def test_with_a_new_epoch_records_change_and_clients_begin_again(client: Client, address: str) -> None:
    before, epoch = _bytes(), FeedHead.objects.get(feed=client.feed).epoch
    FeedRecord.objects.filter(number=4).update(body=b"{}")

    rebuild_feed(new_epoch=True)

    now = FeedHead.objects.get(feed=client.feed).epoch
    assert now == head().epoch != epoch
    assert _bytes() == [tuple(now if value == epoch else value for value in row) for row in before]


def test_a_check_changes_nothing_and_fails(client: Client) -> None:
    FeedRecord.objects.filter(number=4).delete()
    before = _bytes()

    with pytest.raises(CommandError, match="1 rows are not"):
        call_command("feed", "rebuild", "--check", stdout=StringIO())

    assert _bytes() == before


def test_a_feed_ahead_of_a_restored_journal_loses_what_the_journal_lost(client: Client, house: House) -> None:
    numbers = FeedRecord.objects.count()
    _lose_the_last_events(2)
    declared = declare_restored()

    bring_up_to_journal()

    assert FeedRecord.objects.count() < numbers
    assert set(FeedHead.objects.values_list("epoch", flat=True)) == {declared.epoch}
    client.case(told.received())
    house.write()
    last = FeedRecord.objects.filter(feed=client.feed).order_by("-number")[0]
    assert FeedHead.objects.get(feed=client.feed).head == last.number


def test_a_client_with_a_cursor_of_before_the_restore_is_told(
    client: Client, address: str, house: House
) -> None:
    epoch = FeedHead.objects.get(feed=client.feed).epoch
    _lose_the_last_events(2)
    declare_restored()
    bring_up_to_journal()

    answer = httpx.get(
        f"http://{address}/v1/feed", params={"after": f"{epoch}-2"}, headers=client.auth, timeout=10
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "epoch_changed")


def test_a_feed_restored_with_its_journal_goes_on_in_the_new_epoch(client: Client, house: House) -> None:
    before = FeedRecord.objects.count()
    declared = declare_restored()

    bring_up_to_journal()

    assert FeedRecord.objects.count() == before
    assert FeedHead.objects.get(feed=client.feed).epoch == declared.epoch
    client.case(told.received())
    runner = build_runner()
    while runner.step():
        pass
    assert FeedRecord.objects.count() == before + 3


def test_a_feed_that_begins_with_events_of_before_a_restore_is_of_the_new_epoch(
    client: Client, house: House
) -> None:
    late = house.client()
    late.case(told.received())
    declared = declare_restored()
    bring_up_to_journal()

    house.write()

    assert FeedHead.objects.get(feed=late.feed).epoch == declared.epoch


def test_records_written_while_it_rebuilds_are_not_lost(client: Client, house: House, address: str) -> None:
    FeedRecord.objects.filter(number=4).delete()
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            house.write()
        connections.close_all()

    writing = threading.Thread(target=write)
    writing.start()
    for _ in range(5):
        client.case(told.received())
        rebuild_feed()
    stop.set()
    writing.join()
    house.write()

    found = records(lines(address, "/v1/feed", client.auth, from_="earliest", until="caught_up"))
    assert [frame["number"] for frame in found] == list(range(1, len(found) + 1))
    assert rebuild_feed().differences == ()
