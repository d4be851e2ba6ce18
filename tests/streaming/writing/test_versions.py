"""A new version of the public projection speaks from a journalled event on, live and in a rebuild."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from google.protobuf.message import Message

from events import journal
from events.journal import Draft
from events.store import DjangoStore
from protocol.case_state import CaseState
from protocol.schemas.streaming_v1_pb2 import ProjectionAdopted
from streaming.models import FeedCase, FeedHead, FeedProjection, FeedRecord
from streaming.words import CaseContext, PublicRecord
from streaming.writing.projection import NumberOf, project, status_record
from streaming.writing.rebuild import rebuild_feed
from streaming.writing.run import build_runner
from streaming.writing.versions import PROJECTIONS, Projection, UnknownProjection, adopt_newest, adopted
from subscriber.ledger import Ledger
from tests.rebuilding import empty_journal
from tests.streaming import told
from tests.streaming.conftest import Client, House

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
NOW = datetime.now(UTC)


@pytest.fixture
def client(house: House) -> Iterator[Client]:
    empty_journal()
    yield house.client()
    empty_journal()


def _marked(record: PublicRecord) -> PublicRecord:
    return replace(record, data={**record.data, "said_by": 2})


def _second(
    message: Message, context: CaseContext, state: CaseState, number_of: NumberOf
) -> tuple[list[PublicRecord], CaseContext]:
    records, after = project(message, context, state, number_of)
    return [_marked(record) for record in records], after


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that has a second version, which marks what it says."""
    two = Projection(_second, lambda status: _marked(status_record(status)))
    monkeypatch.setitem(PROJECTIONS, 2, two)


def _happen(client: Client) -> None:
    client.case(told.received(), told.fields(("family_name", "LOVELACE")), told.completed(), told.reached())


def _bodies() -> list[bytes]:
    return [bytes(record.body) for record in FeedRecord.objects.order_by("number")]


def _versions() -> list[int]:
    return [json.loads(body)["data"].get("said_by", 1) for body in _bodies()]


def _bytes() -> list[tuple[object, ...]]:
    return [
        tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)
        for model in (FeedRecord, FeedHead, FeedCase, FeedProjection)
        for row in model.objects.order_by("pk").values_list()
    ]


def test_without_a_second_version_nothing_is_said(client: Client) -> None:
    assert adopt_newest(now=NOW) is None
    assert journal.after(0, streams=["feed.operation"]) == []


def test_records_before_it_stay_and_records_after_it_are_told_anew(
    client: Client, house: House, request: pytest.FixtureRequest
) -> None:
    _happen(client)
    house.write()
    before = _bodies()
    request.getfixturevalue("second")

    assert adopt_newest(now=NOW) == 2
    _happen(client)
    house.write()

    assert _bodies()[: len(before)] == before
    assert _versions() == [1] * len(before) + [2] * len(before)


def test_a_feed_told_by_two_versions_is_made_anew_byte_equal(
    client: Client, house: House, second: None
) -> None:
    for _ in range(2):
        _happen(client)
        house.write()
        adopt_newest(now=NOW)
    before = _bytes()
    assert set(_versions()) == {1, 2}

    done = rebuild_feed()

    assert done.differences == ()
    assert _bytes() == before


def test_a_case_that_began_before_goes_on_in_the_new_words(
    client: Client, house: House, second: None
) -> None:
    case = client.case(told.received())
    adopt_newest(now=NOW)
    case.say(told.completed())

    house.write()

    assert _versions() == [1, 1, 1, 2]
    assert rebuild_feed().differences == ()


def test_what_the_writer_had_not_come_to_is_told_by_the_version_of_its_place(
    client: Client, house: House, second: None
) -> None:
    _happen(client)
    adopt_newest(now=NOW)
    _happen(client)

    house.write()

    half = len(_versions()) // 2
    assert _versions() == [1] * half + [2] * half


def test_an_event_that_is_handled_late_is_told_by_the_version_of_its_place(
    client: Client, house: House, second: None
) -> None:
    _happen(client)
    adopt_newest(now=NOW)
    _happen(client)
    house.write()
    before = _bytes()
    adoptions = [(one.position, one.version) for one in FeedProjection.objects.all()]
    house.forget_feed()
    # The writer knows of the adoption already when it comes to the events before it.
    FeedProjection.objects.bulk_create(FeedProjection(position=p, version=v) for p, v in adoptions)

    house.write()

    assert _bytes() == before


def test_it_is_said_once_however_often_the_process_starts(client: Client, second: None) -> None:
    assert [adopt_newest(now=NOW) for _ in range(3)] == [2, None, None]
    assert len(journal.after(0, streams=["feed.operation"])) == 1
    assert adopted() == 2


def _adopt_in_newer_code(version: int) -> None:
    message = ProjectionAdopted(version=version)
    draft = Draft(message=message, subject="streaming.projection", client="", source="streaming")
    journal.record([draft], now=NOW)


def test_code_that_lacks_the_journals_version_refuses_to_start(client: Client) -> None:
    _adopt_in_newer_code(3)
    handler = signal.getsignal(signal.SIGTERM)

    with pytest.raises(CommandError, match="adopted version 3 of the public projection, this code's newest"):
        call_command("feed")

    signal.signal(signal.SIGTERM, handler)


def test_a_writer_that_meets_a_version_it_lacks_ends_and_buries_nothing(client: Client, house: House) -> None:
    _happen(client)
    house.write()
    before = _bytes()
    _adopt_in_newer_code(3)
    _happen(client)
    runner = build_runner()

    with pytest.raises(UnknownProjection):
        runner.step()

    assert _bytes() == before
    assert Ledger(DjangoStore("feed"), "streaming.feed").parked_keys() == set()
