"""The door gives statistics to those that the catalogue names, by their own numbers."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from events.door import statistics as door_statistics
from events.door.services import issue_service_keys
from events.models import Statistic
from events.statistics import Notes
from protocol.schemas import verification_v1_pb2 as v
from protocol.schemas.journal_v1_pb2 import Frame, Record
from subscriber.lines import frames_of
from tests.contracts.door import Door, serve
from tests.events.makers import NOW
from tests.rebuilding import empty_journal

pytestmark = [pytest.mark.django_db(transaction=True, databases="__all__")]
PATH = "/internal/v1/statistics"


@pytest.fixture
def door(transactional_db: None) -> Iterator[Door]:
    empty_journal()
    Statistic.objects.all().delete()
    with serve(key=issue_service_keys(["early_warning"])["early_warning"]) as door:
        yield door
    Statistic.objects.all().delete()
    empty_journal()


def note(*steps: str, kept: int = 1_000) -> None:
    notes = Notes(kept=kept)
    for step in steps:
        notes.note(v.StepStarted(step=step, attempt=1), subject="case-1", client="cl_1", now=NOW)
    notes.flush()


def read(door: Door, after: int, until: int) -> list[Frame]:
    """Read frames until so many records have come and the mark after them."""
    frames: list[Frame] = []
    headers = {"Authorization": f"Bearer {door.key}"}
    with (
        httpx.Client(base_url=door.url, headers=headers, trust_env=False, timeout=10) as client,
        client.stream("GET", PATH, params={"after": str(after)}) as response,
    ):
        assert response.status_code == 200
        for frame in frames_of(response.iter_raw()):
            frames.append(frame)
            records = sum(f.HasField("record") for f in frames)
            if records >= until and frame.HasField("mark"):
                break
    return frames


def records(frames: list[Frame]) -> list[Record]:
    return [frame.record for frame in frames if frame.HasField("record")]


def test_a_reader_gets_what_lies_after_its_number_in_order(door: Door) -> None:
    note("one", "two", "three")
    first = Statistic.objects.order_by("id")[0].pk

    frames = read(door, first, 2)

    found = [v.StepStarted.FromString(record.payload).step for record in records(frames)]
    assert found == ["two", "three"]
    assert [record.position for record in records(frames)] == [first + 1, first + 2]
    assert (frames[0].mark.position, frames[0].mark.head) == (first, first + 2)
    assert (frames[-1].mark.position, records(frames)[0].subject) == (first + 2, "case-1")


def test_what_comes_later_comes_on_the_same_line(door: Door) -> None:
    headers = {"Authorization": f"Bearer {door.key}"}
    with (
        httpx.Client(base_url=door.url, headers=headers, trust_env=False, timeout=10) as client,
        client.stream("GET", PATH) as response,
    ):
        frames = frames_of(response.iter_raw())
        head = next(frames).mark.head
        note("late")

        assert next(frames).record.position > head


def test_how_many_were_dropped_is_told(door: Door) -> None:
    note("kept", "lost", "lost", kept=1)

    *_, dropped = records(read(door, 0, 2))

    assert (dropped.type, int.from_bytes(dropped.payload, "big")) == ("dropped", 2)


def test_a_page_is_bounded_and_the_next_one_goes_on(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_statistics, "_AT_ONCE", 2)
    note("a", "b", "c", "d", "e")

    found = [v.StepStarted.FromString(r.payload).step for r in records(read(door, 0, 5))]

    assert found == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("after", "status", "code"),
    [("x", 400, "invalid"), ("9" * 20, 400, "invalid"), ("7777777", 416, "in_the_future")],
)
def test_a_reader_that_asks_wrongly_is_told_so(door: Door, after: str, status: int, code: str) -> None:
    headers = {"Authorization": f"Bearer {door.key}"}

    response = httpx.get(door.url + PATH, params={"after": after}, headers=headers, trust_env=False)

    assert (response.status_code, response.json()["code"]) == (status, code)


def test_only_those_whom_the_catalogue_names_may_read(door: Door) -> None:
    del door
    key = issue_service_keys(["decisions"])["decisions"]
    with serve(key=key) as other:
        response = httpx.get(other.url + PATH, headers={"Authorization": f"Bearer {key}"}, trust_env=False)

    assert (response.status_code, response.json()["code"]) == (403, "forbidden_stream")


def test_nobody_without_a_key_comes_in(door: Door) -> None:
    assert httpx.get(door.url + PATH, trust_env=False).status_code == 401
