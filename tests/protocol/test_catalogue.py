"""The catalogue is complete: no event without a stream, no field without a comment and a data class."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FieldDescriptorProto
from google.protobuf.message import Message

from protocol.catalogue import (
    STREAMS,
    Lane,
    PersonalClass,
    Stream,
    UnknownType,
    all_types,
    lane_of,
    message_class,
    personal_class,
    stream_named,
    stream_of,
    type_name,
)
from protocol.described import compile_schema, files, said_fields, said_messages
from protocol.lanes import best_effort_offence
from protocol.schemas import client_v1_pb2 as client
from protocol.schemas import decisions_v1_pb2 as decisions
from protocol.schemas import options_pb2 as options
from protocol.schemas import verification_v1_pb2 as verification

# Packages whose messages are events; the feed and the journal door are forms of travel.
EVENT_PACKAGES = (
    "vouch.audit.v1",
    "vouch.client.v1",
    "vouch.verification.v1",
    "vouch.decisions.v1",
    "vouch.dependency.v1",
    "vouch.notifications.v1",
    "vouch.streaming.v1",
    "vouch.early_warning.v1",
    "vouch.fraud.v1",
)
EVENT_FILES = [file for file in files() if file.package in EVENT_PACKAGES]
FIELDS = [said for file in files() for said in said_fields(file)]


def uses(file_set: list[str]) -> set[str]:
    return {
        said.field.type_name.removeprefix(".") for said in FIELDS if said.name.startswith(tuple(file_set))
    }


def test_every_event_of_a_schema_has_its_row() -> None:
    names = {name for file in EVENT_FILES for name, _, _ in said_messages(file)}

    parts_of_events = uses(list(EVENT_PACKAGES))

    assert names - parts_of_events == set(all_types())


def test_every_row_of_the_catalogue_has_its_message() -> None:
    names = {name for file in EVENT_FILES for name, _, _ in said_messages(file)}

    assert set(all_types()) <= names
    assert all(message_class(type_).DESCRIPTOR.full_name == type_ for type_ in all_types())


def test_no_event_lies_on_two_streams() -> None:
    listed = [type_name(message) for stream in STREAMS for message in stream.messages]

    assert len(listed) == len(set(listed))


def test_every_message_says_what_it_means() -> None:
    silent = [name for file in files() for name, _, comment in said_messages(file) if not comment]

    assert silent == []


def test_every_field_says_what_it_holds() -> None:
    silent = [said.name for said in FIELDS if not said.comment]

    assert silent == []


def test_every_field_has_a_personal_data_class() -> None:
    unsaid = [said.name for said in FIELDS if said.data_class == options.PERSONAL_UNSPECIFIED]

    assert unsaid == []


def test_every_personal_field_can_hold_ciphertext() -> None:
    personal = [said for said in FIELDS if said.data_class > options.NONE]

    assert personal
    assert all(said.field.type == FieldDescriptorProto.TYPE_BYTES for said in personal)


def test_a_schema_without_comment_and_class_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "bad.proto").write_text('syntax = "proto3"; package bad; message Bare { string field = 1; }')

    (file,) = compile_schema(tmp_path, "bad.proto").file
    (said,) = said_fields(file)

    assert (said.comment, said.data_class) == ("", options.PERSONAL_UNSPECIFIED)
    assert next(said_messages(file))[2] == ""


def lossy(name: str, *messages: type[Message], owner: str = "x") -> Stream:
    return Stream(
        name=name,
        lane=Lane.BEST_EFFORT,
        owner=owner,
        producers=(),
        consumers=(),
        meaning="",
        messages=messages,
    )


def test_best_effort_carries_nothing_that_must_not_be_lost() -> None:
    assert [stream.name for stream in STREAMS if best_effort_offence(stream)] == []


@pytest.mark.parametrize("name", ["decisions.outcome", "money.billing", "verification.access", "staff.audit"])
def test_a_precious_stream_is_refused_the_best_effort_lane(name: str) -> None:
    assert best_effort_offence(lossy(name)) is not None


def test_a_precious_owner_is_refused_the_best_effort_lane() -> None:
    assert best_effort_offence(lossy("x.y", owner="decisions")) is not None


@pytest.mark.parametrize(
    "message",
    [verification.CaseOpened, decisions.DecisionReached, decisions.TrustReserved, client.KeyIssued],
)
def test_a_precious_message_is_refused_the_best_effort_lane(message: type[Message]) -> None:
    assert best_effort_offence(lossy("x.y", message)) is not None


def test_durations_may_travel_best_effort() -> None:
    assert best_effort_offence(lossy("x.y", verification.StepFinished)) is None


def test_a_unit_is_coordinated_as_soon_as_one_of_its_events_is() -> None:
    decision, exposure = stream_named("decisions.decision"), stream_named("decisions.exposure")

    assert lane_of([decision]) is Lane.GUARANTEED
    assert lane_of([decision, exposure]) is Lane.COORDINATED


def test_nobody_opens_a_class_from_a_stream_it_does_not_read() -> None:
    strangers = [(s.name, who) for s in STREAMS for who, _ in s.opens if who not in s.consumers]

    assert strangers == []


def test_only_the_decisions_service_may_say_a_decision() -> None:
    assert stream_of(type_name(decisions.DecisionReached)).producers == ("decisions",)


def test_a_topic_is_named_by_stream_and_major() -> None:
    assert stream_named("verification.result").topic == "verification.result.v1"


def test_a_personal_field_is_sealed_by_the_key_of_its_class() -> None:
    fields = verification.Claimed.DESCRIPTOR.fields_by_name

    found = [personal_class(fields[name]) for name in ("family_name", "email", "locale")]

    assert found == [PersonalClass.IDENTITY, PersonalClass.CONTACT, None]


@pytest.mark.parametrize("ask", [stream_of, message_class, stream_named])
def test_an_unknown_name_is_refused_by_name(ask: object) -> None:
    assert callable(ask)

    with pytest.raises(UnknownType, match=r"vouch\.nothing"):
        ask("vouch.nothing")
