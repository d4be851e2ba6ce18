"""The catalogue's page: nothing of the catalogue is left out, and every schema that it names can be had."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from protocol.catalogue import STREAMS, type_name
from protocol.cloudevents import to_headers
from protocol.schemas.journal_v1_pb2 import Record


@pytest.fixture(scope="module")
def shown() -> str:
    answer = Client().get("/catalogue/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_every_stream_and_every_event_is_shown_to_everybody(shown: str) -> None:
    for stream in STREAMS:
        assert f'id="{stream.topic}"' in shown
        assert all(f"<code>{type_name(message)}</code>" in shown for message in stream.messages)


def test_every_schema_that_it_names_can_be_had_as_it_is(shown: str) -> None:
    files = set(re.findall(r'href="(schemas/[a-z0-9_]+\.proto)"', shown))

    assert len(files) > 5
    for file in files:
        answer = Client().get(f"/catalogue/{file}")
        assert answer["Content-Type"].startswith("text/plain")
        assert b'syntax = "proto3"' in answer.getvalue()


def test_it_names_every_header_that_an_event_has_on_kafka(shown: str) -> None:
    record = Record(id=bytes(16), type="vouch.verification.v1.CaseExpired")
    for field in Record.DESCRIPTOR.fields:
        if not getattr(record, field.name) and field.type != field.TYPE_BYTES:
            setattr(record, field.name, "1" if field.type == field.TYPE_STRING else 1)
    headers = [name for name, _ in to_headers(record) if name.startswith("ce_")]

    assert len(headers) > 15
    assert [name for name in headers if f"<code>{name}</code>" not in shown] == []


@pytest.mark.parametrize("name", ["nothing", "__init__", "options_pb2"])
def test_what_is_no_schema_is_not_found(name: str) -> None:
    answer = Client().get(f"/catalogue/schemas/{name}.proto")

    assert answer.status_code == 404


def test_nothing_can_be_sent_to_it() -> None:
    assert Client().post("/catalogue/").status_code == 405
