"""The door lets a service read and say what the catalogue gives it, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import httpx
import pytest
import structlog

from events.door import granting
from events.door.services import issue_service_keys
from events.journal import after, head, record
from events.keys import data_key
from protocol.catalogue import PersonalClass, stream_named, type_name
from protocol.schemas import decisions_v1_pb2 as d
from protocol.schemas import verification_v1_pb2 as v
from protocol.schemas.journal_v1_pb2 import AppendRequest, AppendResponse, Record
from tests.contracts.door import Door, serve
from tests.events.makers import NOW, opened, submitted
from tests.rebuilding import empty_journal
from tests.sequencing import on_postgres

pytestmark = [pytest.mark.django_db(transaction=True, databases="__all__")]
JOURNAL = "/internal/v1/journal"
KEYS = "/internal/v1/keys"


@pytest.fixture
def door(transactional_db: None) -> Iterator[Door]:
    empty_journal()
    with serve() as door:
        yield door
    empty_journal()


@pytest.fixture
def client(door: Door) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {door.key}"}
    with httpx.Client(base_url=door.url, headers=headers, trust_env=False) as client:
        yield client


def _said(number: int = 1, **changes: object) -> Record:
    message = d.DecisionReached(outcome="approve", state="final")
    fields: dict[str, object] = {
        "id": UUID(int=number).bytes,
        "type": type_name(message),
        "subject": "case-1",
        "client": "cl_1",
        "payload": message.SerializeToString(),
    }
    return Record(**(fields | changes))  # type: ignore[arg-type]  # as each test wants them


def _post(client: httpx.Client, *records: Record) -> httpx.Response:
    return client.post(JOURNAL, content=AppendRequest(records=records).SerializeToString())


def test_what_a_service_says_is_in_the_journal_under_its_name(client: httpx.Client) -> None:
    response = _post(client, _said(source="somebody-else"))

    assert AppendResponse.FromString(response.content).positions == ([0] if on_postgres() else [1])
    (event,) = after(0)
    assert (event.envelope.source, event.envelope.keyseq) == ("decisions", 1)


def test_said_twice_it_keeps_its_first_place(client: httpx.Client) -> None:
    _post(client, _said(1), _said(2))

    response = _post(client, _said(2), _said(3))

    assert AppendResponse.FromString(response.content).positions == ([0, 0] if on_postgres() else [2, 3])
    assert head().position == 3


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"type": type_name(v.CaseSubmitted)}, 403, "forbidden_stream"),
        ({"type": "vouch.nowhere.v1.Nothing"}, 400, "invalid"),
        ({"payload": b"\xff\xff"}, 400, "invalid"),
        ({"id": b"short"}, 400, "invalid"),
        ({"subject": ""}, 400, "invalid"),
        ({"occurred_at_us": 2**62}, 400, "invalid"),
        ({"payload": d.DecisionReached(outcome="x" * 70_000).SerializeToString()}, 413, "too_large"),
    ],
)
def test_a_wrong_record_is_refused_and_nothing_written(
    client: httpx.Client, changes: dict[str, object], status: int, code: str
) -> None:
    response = _post(client, _said(1), _said(2, **changes))

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert head().position == 0


@pytest.mark.parametrize("authorization", ["", "Bearer svc_wrong", "Basic x"])
def test_nobody_without_a_key_comes_in(door: Door, authorization: str) -> None:
    headers = {"Authorization": authorization}

    for method, path in (("GET", JOURNAL), ("POST", JOURNAL), ("POST", KEYS)):
        response = httpx.request(method, door.url + path, headers=headers, trust_env=False)
        assert (response.status_code, response.json()["code"]) == (401, "unauthorised")


def test_a_key_issued_again_ends_the_one_before(client: httpx.Client) -> None:
    issue_service_keys(["decisions"])

    assert _post(client, _said()).status_code == 401


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"streams": "client.account"}, 403, "forbidden_stream"),
        ({"streams": "no.such"}, 400, "invalid"),
        ({"after": "x"}, 400, "invalid"),
        ({"after": "\N{SUPERSCRIPT TWO}"}, 400, "invalid"),
        ({"after": "9" * 20}, 400, "invalid"),
        ({"after": "7"}, 416, "in_the_future"),
        ({"after": "00000000-1"}, 409, "epoch_changed"),
    ],
)
def test_a_reader_that_asks_wrongly_is_told_what_there_is(
    client: httpx.Client, query: dict[str, str], status: int, code: str
) -> None:
    record([submitted()], now=NOW)

    response = client.get(JOURNAL, params=query)

    assert (response.status_code, response.json()["code"]) == (status, code)
    if code in {"in_the_future", "epoch_changed"}:
        assert response.json()["available"]["head"] == 1


def _ask(client: httpx.Client, personal: str = "identity") -> httpx.Response:
    return client.post(KEYS, json={"applicant": "applicant-1", "class": personal, "purpose": "a test"})


def test_no_service_gets_an_applicants_key_that_the_catalogue_does_not_open(client: httpx.Client) -> None:
    record([opened()], now=NOW)

    with structlog.testing.capture_logs() as logs:
        response = _ask(client)

    assert (response.status_code, response.json()["code"]) == (403, "forbidden_class")
    assert [(line["service"], line["granted"]) for line in logs] == [("decisions", False)]


def test_a_class_that_the_catalogue_opens_is_given(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    record([opened()], now=NOW)
    opening = replace(stream_named("verification.case"), opens=(("decisions", PersonalClass.CONTACT),))
    monkeypatch.setattr(granting, "STREAMS", (opening,))

    given = _ask(client, "contact")

    assert json.loads(given.content)["key"]
    assert _ask(client, "identity").status_code == 403
    assert data_key("applicant-1", PersonalClass.CONTACT, create=False)


def test_an_asking_without_a_purpose_is_refused(client: httpx.Client) -> None:
    assert client.post(KEYS, json={"applicant": "a", "class": "contact"}).status_code == 400


def test_another_address_is_not_found(client: httpx.Client) -> None:
    assert client.get("/internal/v1/other").json()["code"] == "not_found"
