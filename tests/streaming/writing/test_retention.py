"""Records go when they were kept long enough: by an event, never in silence, the same in a rebuild."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command
from django.db import connections
from google.protobuf.message import Message

from access.principals import authenticate
from events import journal
from events.findings import Severity
from events.journal import Draft
from protocol.problems import Refused
from protocol.schemas import decisions_v1_pb2 as decisions
from protocol.schemas import verification_v1_pb2 as verification
from protocol.schemas.streaming_v1_pb2 import RecordsExpired
from streaming.following.views import phone_head
from streaming.models import FeedCase, FeedHead, FeedPlace, FeedProjection, FeedRecord
from streaming.probes import feed_probes
from streaming.reading.feeds import HoleInFeed, Overtaken, Part, head_of, read
from streaming.reading.ring import Ring
from streaming.snapshot import snapshot
from streaming.writing import retention
from streaming.writing.rebuild import rebuild_feed
from streaming.writing.retention import WriterBehind, expired, letting_go, rounds
from tests.rebuilding import empty_journal
from tests.streaming import told
from tests.streaming.conftest import Case, Client, House
from tests.streaming.readers import frames_of, numbers

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
MODELS = (FeedRecord, FeedHead, FeedCase, FeedPlace, FeedProjection)
NOW = datetime.now(UTC)
DAYS = 90


@pytest.fixture
def house(transactional_db: None) -> Iterator[House]:
    """A house whose first events were recorded a hundred days ago."""
    empty_journal()
    yield House(now=NOW - timedelta(days=100))
    empty_journal()


@pytest.fixture
def client(house: House) -> Client:
    """A client with nine records in three cases, all of them old."""
    client = house.client()
    client.many(9)
    house.write()
    return client


def _say(feed: str, oldest: int) -> None:
    message = RecordsExpired(feed=feed, oldest=oldest)
    journal.record([Draft(message=message, subject=feed, client=feed, source="streaming")], now=NOW)


def _kept(client: Client) -> list[int]:
    found = FeedRecord.objects.filter(feed=client.feed).order_by("number")
    return list(found.values_list("number", flat=True))


def _trim(house: House, client: Client, oldest: int) -> None:
    _say(client.feed, oldest)
    house.write()


def _trim_all(house: House) -> int:
    """Say and do rounds until nothing is left to go; gives how many."""
    count = 0
    while expired(now=NOW, days=DAYS):
        with pytest.raises(WriterBehind):
            list(rounds(now=NOW, days=DAYS, stop=threading.Event(), patience_s=0))
        house.write()
        count += 1
    return count


def _said() -> list[RecordsExpired]:
    events = journal.after(0, streams=["feed.operation"])
    return [event.message for event in events if isinstance(event.message, RecordsExpired)]


def _bytes() -> list[tuple[object, ...]]:
    return [
        tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)
        for model in MODELS
        for row in model.objects.order_by("pk").values_list()
    ]


@contextmanager
def _writing(house: House) -> Iterator[None]:
    """A writer at work beside the test."""
    stop = threading.Event()

    def write() -> None:
        while not stop.wait(0.01):
            house.write()
        connections.close_all()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_records_below_the_oldest_go_and_the_head_says_so(house: House, client: Client) -> None:
    other = house.client()
    other.many(3)
    _trim(house, client, 5)

    assert _kept(client) == [5, 6, 7, 8, 9]
    assert (head_of(client.feed).oldest, head_of(client.feed).head) == (5, 9)
    assert (_kept(other), head_of(other.feed).oldest) == ([1, 2, 3], 1)


def test_what_is_kept_is_never_said_to_begin_earlier_again(house: House, client: Client) -> None:
    _trim(house, client, 5)
    _trim(house, client, 2)

    assert (_kept(client)[0], head_of(client.feed).oldest) == (5, 5)


def test_no_more_goes_than_there_is(house: House, client: Client) -> None:
    _trim(house, client, 1_000)
    assert (_kept(client), head_of(client.feed).oldest) == ([], 10)

    house.now = NOW
    client.many(3)
    house.write()

    assert _kept(client) == [10, 11, 12]
    assert [finding.severity for finding in feed_probes()[0].look()] == [Severity.FINE]


def test_the_doctor_sees_that_nothing_goes(house: House, client: Client) -> None:
    found = [finding for finding in feed_probes()[0].look() if finding.severity is not Severity.FINE]

    assert [finding.what for finding in found] == [
        "1 feeds begin with a record that should have gone 2 days ago"
    ]


def test_a_feed_that_nobody_has_loses_nothing(house: House, client: Client) -> None:
    before = _bytes()

    _say("cl_nobody:live", 7)
    house.write()

    assert _bytes() == before


def test_a_trimmed_feed_made_anew_is_byte_equal(house: House, client: Client) -> None:
    case = client.case(told.received())
    (check,) = case.say(told.completed())
    house.write()
    _trim(house, client, 11)
    (reached,) = case.say(told.reached(because=(check,)))
    house.write()
    _trim(house, client, 14)
    case.say(decisions.DecisionCorrected(decision_id=reached, outcome="refer", because=[check]))
    house.write()
    before = _bytes()

    done = rebuild_feed()

    assert done.differences == ()
    assert _bytes() == before


def test_a_correction_names_a_decision_that_is_no_longer_kept(house: House, client: Client) -> None:
    case = client.case(told.received())
    (check,) = case.say(told.completed())
    (reached,) = case.say(told.reached(because=(check,)))
    house.write()
    number = FeedRecord.objects.get(event_id=reached, kind="decision").number
    _trim(house, client, number + 1)
    case.say(decisions.DecisionCorrected(decision_id=reached, outcome="refer", because=[check]))
    house.write()

    data = json.loads(bytes(FeedRecord.objects.filter(kind="decision").get().body))["data"]

    assert (data["corrects"], data["because"]) == (number, [number - 1])


@pytest.mark.parametrize(("index", "of"), [(0, 1), (0, 2), (1, 2)])
def test_a_reader_below_the_oldest_is_told_from_where_on_records_are_kept(
    house: House, client: Client, index: int, of: int
) -> None:
    part = Part(feed=client.feed, index=index, of=of)
    _trim(house, client, 5)

    part = Part(feed=client.feed, index=index, of=of)
    with pytest.raises(Overtaken) as caught:
        read(part, 3, 9)

    assert caught.value.oldest == 5
    assert read(part, 4, 9).upto == 9


def test_a_record_that_is_missing_among_the_kept_is_still_a_hole(house: House, client: Client) -> None:
    _trim(house, client, 5)
    FeedRecord.objects.filter(number=7).delete()

    with pytest.raises(HoleInFeed):
        read(Part(feed=client.feed), 4, 9)


def test_a_case_is_overtaken_only_when_records_of_its_own_are_gone(house: House, client: Client) -> None:
    first, _, last = FeedCase.objects.filter(client=client.name).order_by("last")
    _trim(house, client, 3)

    with pytest.raises(Overtaken):
        read(Part(feed=client.feed, case=first.case), 0, 9)

    assert [row.number for row in read(Part(feed=client.feed, case=last.case), 0, 9).rows] == [7, 8, 9]
    assert read(Part(feed=client.feed, case=first.case), 2, 9).rows[0].number == 3
    assert read(Part(feed=client.feed, case=first.case), 3, 9).rows == ()


async def test_a_reader_near_the_head_goes_on_in_a_ring_that_was_overtaken(
    house: House, client: Client
) -> None:
    ring, whole = Ring(client.feed), Part(feed=client.feed)
    assert len((await ring.after(whole, 0, 3)).rows) == 3
    await sync_to_async(_trim)(house, client, 8)

    found = await ring.after(whole, 7, 9)

    assert [row.number for row in found.rows] == [8, 9]
    with pytest.raises(Overtaken, match="keeps records from 8 on"):
        await ring.after(whole, 4, 9)
    assert [row.number for row in (await ring.after(whole, 7, 9)).rows] == [8, 9]


async def test_a_case_that_is_all_kept_is_read_from_a_ring_whose_feed_was_trimmed(
    house: House, client: Client
) -> None:
    await sync_to_async(_trim)(house, client, 5)
    last = await FeedCase.objects.filter(client=client.name).order_by("-last").afirst()
    assert last is not None

    found = await Ring(client.feed).after(Part(feed=client.feed, case=last.case), 0, 9)

    assert [row.number for row in found.rows] == [7, 8, 9]


async def test_from_the_earliest_means_from_what_is_kept(house: House, client: Client) -> None:
    await sync_to_async(_trim)(house, client, 5)

    assert numbers(await frames_of(client, from_="earliest")) == [5, 6, 7, 8, 9]


def test_who_asks_for_what_is_gone_is_told_what_there_is(house: House, client: Client, address: str) -> None:
    _trim(house, client, 5)

    answer = httpx.get(f"http://{address}/v1/feed", params={"from": 4}, headers=client.auth, timeout=10)

    assert (answer.status_code, answer.json()["code"]) == (410, "too_old")
    assert answer.json()["available"] == {"epoch": head_of(client.feed).epoch, "oldest": 5, "head": 9}


def test_only_what_is_older_than_the_days_goes(house: House, client: Client) -> None:
    house.now = NOW - timedelta(days=DAYS) + timedelta(seconds=1)
    client.many(3)
    house.now = NOW - timedelta(days=120)
    client.many(3)
    house.write()

    (found,) = expired(now=NOW, days=DAYS)

    # Behind a record that is kept everything is kept.
    assert (found.feed, found.oldest, found.records) == (client.feed, 10, 9)


def test_each_round_says_few_and_the_rest_follows(
    house: House, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 4)
    other = house.client(live=False)
    other.many(3)
    house.write()

    assert _trim_all(house) == 3

    gone = sorted((said.feed, said.oldest) for said in _said())
    assert [oldest for feed, oldest in gone if feed == client.feed][-1] == 10
    assert len(gone) in {4, 5}
    assert (_kept(client), _kept(other)) == ([], [])
    assert rebuild_feed().differences == ()


def test_what_is_said_again_before_the_writer_came_to_it_is_one_event(house: House, client: Client) -> None:
    for _ in range(2):
        with pytest.raises(WriterBehind):
            list(rounds(now=NOW, days=DAYS, stop=threading.Event(), patience_s=0))

    (said,) = _said()
    assert (said.feed, said.oldest, said.kept_days) == (client.feed, 10, DAYS)


def test_a_dry_run_prints_what_would_go_and_changes_nothing(house: House, client: Client) -> None:
    before, out = _bytes(), StringIO()

    call_command("feed", "trim", "--dry-run", stdout=out)
    house.write()

    assert f"{client.feed}: 9 records, up to number 9\n" in out.getvalue()
    assert (_bytes(), _said()) == (before, [])


def test_by_hand_it_prints_what_has_gone(house: House, client: Client) -> None:
    out = StringIO()

    with _writing(house):
        call_command("feed", "trim", stdout=out)

    assert out.getvalue().splitlines()[-1] == "9 records older than 90 days are gone"
    assert _kept(client) == []


def test_by_hand_without_a_writer_it_says_that_nobody_does_it(
    house: House, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.management.commands.feed._PATIENCE_S", 0.0)

    with pytest.raises(CommandError, match="has not come to what was said"):
        call_command("feed", "trim", stdout=StringIO())


def test_the_feeds_process_lets_go_at_its_start(house: House, client: Client) -> None:
    with _writing(house), letting_go(days=DAYS, clock=lambda: NOW):
        ends = datetime.now(UTC) + timedelta(seconds=20)
        while _kept(client) and datetime.now(UTC) < ends:
            threading.Event().wait(0.05)

    assert _kept(client) == []


def _seen(case: Case) -> dict[str, object]:
    return dict(snapshot(case.id, authenticate(case.client.auth["Authorization"], now=case.client.house.now)))


def test_the_snapshot_of_a_trimmed_case_says_from_where_on_it_knows(house: House, client: Client) -> None:
    case = client.case(told.received(), told.classified(), told.completed(), told.reached(missing=()))
    house.write()
    whole = _seen(case)
    decision = FeedRecord.objects.get(kind="decision").number
    _trim(house, client, decision)

    found = _seen(case)

    assert whole["reflects"] == {"epoch": head_of(client.feed).epoch, "from": 10, "number": decision + 1}
    assert found["reflects"] == {
        "epoch": head_of(client.feed).epoch,
        "from": decision,
        "number": decision + 1,
    }
    assert (found["status"], found["missing"]) == (whole["status"], whole["missing"])
    assert found["decision"] == whole["decision"]
    kept = {"check": "tamper", "status": "suspected", "number": decision - 1, "kept": False}
    assert found["checks"] == {"tamper": kept}
    assert (found["facts"], found["evidence"]) == ({}, [])


@pytest.mark.parametrize(
    ("said", "by"), [(told.reached(missing=()), "policy"), (told.concluded("approve"), "reviewer")]
)
def test_the_snapshot_of_a_case_without_a_record_left_still_says_how_it_ended(
    house: House, client: Client, said: Message, by: str
) -> None:
    case = client.case(told.received(), told.completed(), said)
    house.write()
    decision = FeedRecord.objects.get(kind="decision").number
    _trim(house, client, 1_000)

    found = _seen(case)

    kept = {"outcome": "approve", "state": "final", "by": by, "number": decision, "kept": False}
    assert (found["status"], found["decision"]) == ("decided", kept)


def test_a_phone_cannot_count_a_case_whose_beginning_is_gone(house: House, client: Client) -> None:
    case = client.case(told.received(), verification.CaseSubmitted(by="client"))
    house.write()
    part, head = Part(feed=client.feed, case=case.id), head_of(client.feed)
    _trim(house, client, 10)
    assert phone_head(part, head).head == 3
    _trim(house, client, 11)

    with pytest.raises(Refused) as caught:
        phone_head(part, head)

    assert caught.value.code == "too_old"
