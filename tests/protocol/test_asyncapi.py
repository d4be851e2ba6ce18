"""The AsyncAPI page is what schemas and catalogue make now, and holds together as a document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft7Validator

from events import statistics_topic
from events.models import Statistic
from protocol import case_state
from protocol.asyncapi.page import PAGE, written
from protocol.catalogue import STREAMS, Lane, all_types, personal_class, stream_named, type_name
from protocol.checks import GRADES, Slot, slot_of
from protocol.cloudevents import NotOurs, from_headers, to_headers
from protocol.described import compile_schema, files, said_fields, said_messages
from protocol.ids import from_us
from protocol.policies import Outcome
from protocol.schemas import feed_v1_pb2 as feed
from protocol.schemas import verification_v1_pb2 as verification
from protocol.schemas.journal_v1_pb2 import Record
from tests.protocol.asyncapi_page import offences, page, schema, schemas
from verification.vision.mrz import Format

ENVELOPES = (feed.ServerFrame, feed.ClientFrame)


def found_in(value: object, key: str) -> Iterator[Any]:
    """Find what stands under a key, anywhere."""
    if isinstance(value, dict):
        yield from (inner for name, inner in value.items() if name == key)
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inside:
        yield from found_in(one, key)


def at(pointer: str) -> Any:
    """Follow a reference from the top of the page."""
    place: Any = page()
    for key in pointer.removeprefix("#/").split("/"):
        place = place[key]
    return place


def test_the_page_in_the_repository_is_what_its_sources_make_now() -> None:
    assert PAGE.read_text() == written(), "run `make docs` (python -m protocol.asyncapi) and commit the page"


def test_the_page_says_what_it_is_and_where() -> None:
    assert page()["asyncapi"] == "3.0.0"
    assert {"title", "version", "description"} == page()["info"].keys()
    assert all({"host", "protocol"} <= server.keys() for server in page()["servers"].values())


def test_every_reference_leads_somewhere() -> None:
    references = set(found_in(page(), "$ref"))

    assert len(references) > 100
    assert all(at(reference) for reference in references)


def test_every_operation_has_its_channel_and_messages_of_it() -> None:
    for name, operation in page()["operations"].items():
        channel, messages = operation["channel"]["$ref"], operation["messages"]
        assert operation["action"] in {"send", "receive"}, name
        assert at(channel)["address"], name
        assert messages, name
        assert all(one["$ref"].startswith(f"{channel}/messages/") for one in messages), name


def test_every_channel_is_spoken_on_by_somebody() -> None:
    spoken = {operation["channel"]["$ref"] for operation in page()["operations"].values()}

    assert spoken == {f"#/channels/{name}" for name in page()["channels"]}


def test_every_message_has_a_payload_and_a_meaning() -> None:
    for name, message in page()["components"]["messages"].items():
        assert message["payload"].keys() in ({"$ref"}, {"schemaFormat", "schema"}), name
        assert message["summary"], name
        assert message["contentType"], name


def test_every_name_of_a_component_is_one_that_asyncapi_allows() -> None:
    names = [name for kind in page()["components"].values() for name in kind]

    assert [name for name in names if not re.fullmatch(r"[a-zA-Z0-9._-]+", name)] == []


def test_every_schema_is_a_json_schema() -> None:
    for one in [*schemas().values(), *found_in(page(), "headers"), *found_in(page(), "query")]:
        Draft7Validator.check_schema(one)


def test_no_object_of_the_page_takes_unknown_fields() -> None:
    assert [name for name, one in schemas().items() if one["additionalProperties"] is not False] == []


def test_every_stream_is_a_channel_as_the_catalogue_has_it() -> None:
    for stream in STREAMS:
        channel = page()["channels"][stream.topic]
        kafka = channel["bindings"]["kafka"]
        assert (channel["address"], kafka["topic"]) == (stream.topic, stream.topic)
        assert kafka["partitions"] == stream.partitions
        assert (channel["x-lane"], channel["x-key"]) == (stream.lane.value, stream.key)
        assert [at(one["$ref"])["name"] for one in channel["messages"].values()] == [
            type_name(message) for message in stream.messages
        ]


def test_the_schema_of_every_event_is_the_one_that_is_spoken(tmp_path: Path) -> None:
    spoken = {said.name: (said.field, said.comment) for file in files() for said in said_fields(file)}
    meanings = {name: comment for file in files() for name, _, comment in said_messages(file)}
    names = [*all_types(), *(type_name(envelope) for envelope in ENVELOPES)]
    texts = {name: page_schema(name) for name in names}

    # Each is compiled by itself, in a package of its own: what it needs must be in it.
    for number, text in enumerate(texts.values()):
        (tmp_path / f"m{number}.proto").write_text(re.sub(r"(?m)^package .*;$", f"package m{number};", text))
    compiled = compile_schema(tmp_path, *(f"m{number}.proto" for number in range(len(texts)))).file

    for name, file in zip(names, compiled, strict=True):
        package = name.rpartition(".")[0]
        messages = {said.replace(file.package, package, 1): told for said, _, told in said_messages(file)}
        assert name in messages
        assert messages.items() <= meanings.items()
        for said in said_fields(file):
            field, comment = spoken[said.name.replace(file.package, package, 1)]
            if said.field.type_name:
                said.field.type_name = said.field.type_name.replace(f".{file.package}.", f".{package}.")
            assert (said.field, said.comment) == (field, comment)


def page_schema(name: str) -> str:
    envelopes = {type_name(feed.ServerFrame): "server_frame", type_name(feed.ClientFrame): "client_frame"}
    text: str = page()["components"]["messages"][envelopes.get(name, name)]["payload"]["schema"]
    return text


def test_sealed_fields_are_named_with_the_class_of_their_key() -> None:
    message = page()["components"]["messages"]["vouch.verification.v1.CaseOpened"]
    claimed = verification.Claimed.DESCRIPTOR.fields

    assert message["x-personal"] == {
        f"claimed.{field.name}": class_.value for field in claimed if (class_ := personal_class(field))
    }


RECORD = Record(id=bytes(16), type="vouch.verification.v1.CaseExpired", source="verification", position=7)


def headers_of(record: Record) -> dict[str, str]:
    return {name: value.decode() for name, value in to_headers(record)}


@pytest.mark.parametrize(
    "more", [{}, {"subject": "c", "applicant": "a", "causation": "e", "epoch": "0badcafe"}]
)
def test_the_headers_of_an_event_are_as_the_page_says(more: dict[str, str]) -> None:
    record = Record(**{field.name: value for field, value in RECORD.ListFields()} | more)

    assert offences("EventHeaders", headers_of(record)) == []
    assert offences("EventHeaders", headers_of(record) | {"ce_mood": "good"}) != []


def test_a_message_without_a_header_that_the_page_demands_is_not_ours() -> None:
    # These four a reader of ours does without; others need them to know what they have before them.
    demanded = {*schemas()["EventHeaders"]["required"]} - {"content-type", "ce_lane", "ce_type", "ce_source"}

    for name in demanded:
        headers = [(one, value) for one, value in to_headers(RECORD) if one != name]
        with pytest.raises(NotOurs):
            from_headers(headers, b"", topic="verification.case.v1")


def test_best_effort_events_have_the_headers_without_a_place() -> None:
    (stream,) = [stream for stream in STREAMS if stream.lane is Lane.BEST_EFFORT]
    for message in stream.messages:
        row = Statistic(noted_at_us=1, type=type_name(message), subject="c", client="cl_1", payload=b"")
        headers = dict(statistics_topic._headers(row, from_us(1)))
        named = page()["components"]["messages"][type_name(message)]["headers"]["$ref"].rpartition("/")[2]
        assert (
            offences(named, {n: v.decode() if isinstance(v, bytes) else v for n, v in headers.items()}) == []
        )


def test_the_key_of_an_event_is_said() -> None:
    added = page()["components"]["messages"]["vouch.client.v1.ClientAdded"]

    assert stream_named("client.account").key in added["bindings"]["kafka"]["key"]["description"]


def test_words_read_from_comments_are_those_of_the_tables() -> None:
    assert {*schema("Decision", "outcome")["enum"]} == {*map(str, Outcome)}
    assert {*schema("Breakdown", "status")["enum"]} == {*map(str, GRADES)}
    assert {*schema("MachineZone", "format")["enum"]} == {*get_args(Format)}
    assert {*schema("CaseStatus", "status")["enum"]} >= {name for name, _ in case_state._STATUSES}
    assert {slot_of(kind) for kind in schema("Evidence", "kind")["enum"]} == {*Slot}


@pytest.mark.parametrize("name", ["Decision.state", "Decision.by", "Record.kind", "Gap.reason"])
def test_a_comment_that_lists_words_says_which_there_are(name: str) -> None:
    message, _, field = name.partition(".")
    comments = {said.name: said.comment for file in files() for said in said_fields(file)}

    listed = re.findall(r"[a-z_]{3,}", comments[f"vouch.feed.v1.{name}"])

    assert {*schema(message, field)["enum"]} >= {*listed}
