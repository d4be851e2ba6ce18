"""Nothing personal lies in the journal in clear, and what is sealed opens only where it belongs."""

from __future__ import annotations

from dataclasses import replace
from typing import cast
from uuid import UUID

import pytest
from google.protobuf.descriptor import Descriptor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.database import journal_database
from events.errors import DoesNotOpen, Erased
from events.journal import Draft, record
from events.keys import destroy_key
from events.sealing import Sealed, seal, sealed_field, unseal
from protocol.catalogue import STREAMS, PersonalClass, personal_class
from protocol.schemas import verification_v1_pb2 as v
from tests.events.makers import CASE, NOW, opened, received, submitted

pytestmark = pytest.mark.django_db(databases="__all__")


def _fields(*values: bytes) -> Draft:
    message = v.FieldsRead(fields=[v.Field(name="n", value=value) for value in values])
    return Draft(message=message, subject=CASE, client="cl_1", applicant="applicant-1")


def test_no_personal_value_lies_in_the_journal_in_clear() -> None:
    record([opened(), _fields(b"LOVELACE1")], now=NOW)

    rows = journal_database().read(0, through=9, streams=None, subject=None, limit=9)

    payload = b"".join(row.payload for row in rows)
    assert not any(word in payload for word in (b"Ada", b"Lovelace", b"ada@", b"LOVELACE1"))


def test_unsealing_gives_the_message_that_was_said() -> None:
    draft = opened()

    (event,) = record([draft], now=NOW)

    assert unseal(event) == draft.message
    assert event.message != draft.message


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=5))
def test_every_repeated_value_opens_to_what_it_was(db: None, values: list[bytes]) -> None:
    (event,) = record([_fields(*values)], now=NOW)

    message = unseal(event)
    assert isinstance(message, v.FieldsRead)
    assert [f.value for f in message.fields] == values


def test_equal_values_in_different_places_look_different() -> None:
    (event,) = record([_fields(b"same", b"same")], now=NOW)

    assert isinstance(event.message, v.FieldsRead)
    assert event.message.fields[0].value != event.message.fields[1].value


def test_the_same_event_is_sealed_to_the_same_bytes_again() -> None:
    (event,) = record([opened(event_id=UUID(int=1))], now=NOW)

    again = seal(opened().message, event_id=UUID(int=1), applicant="applicant-1")

    assert again == event.message


def test_a_message_without_personal_values_is_not_copied() -> None:
    draft = submitted()

    (event,) = record([draft], now=NOW)

    assert unseal(event) is event.message


@pytest.mark.parametrize(
    ("name", "value"), [("claimed.family_name", b"Lovelace"), ("claimed.email", b"ada@example.org")]
)
def test_a_copied_value_opens_after_lying_in_a_column(name: str, value: bytes) -> None:
    (event,) = record([opened()], now=NOW)

    column = bytes(sealed_field(event, name))

    assert value not in column
    assert Sealed.from_bytes(column) == sealed_field(event, name)
    assert Sealed.from_bytes(column).open() == value


def test_an_index_names_a_value_in_a_repeated_field() -> None:
    (event,) = record([_fields(b"first", b"second")], now=NOW)

    assert sealed_field(event, "fields.1.value").open() == b"second"


def test_a_value_that_was_never_said_opens_as_empty() -> None:
    (event,) = record([opened()], now=NOW)

    assert sealed_field(event, "claimed.phone").open() == b""


def test_a_name_that_is_no_personal_field_is_refused() -> None:
    (event,) = record([opened()], now=NOW)

    with pytest.raises(ValueError, match="no personal field"):
        sealed_field(event, "reference")


@pytest.mark.parametrize("change", [{"path": "4.1"}, {"event_id": UUID(int=3)}])
def test_a_ciphertext_moved_elsewhere_does_not_open(change: dict[str, object]) -> None:
    (event,) = record([opened()], now=NOW)
    sealed = sealed_field(event, "claimed.family_name")

    with pytest.raises(DoesNotOpen):
        replace(sealed, **change).open()  # type: ignore[arg-type]  # the parameters are right


def test_destroying_one_class_leaves_the_others_readable() -> None:
    claims, clip = record([opened(), received()], now=NOW)

    destroy_key("applicant-1", PersonalClass.BIOMETRIC, now=NOW)

    assert unseal(claims)
    with pytest.raises(Erased):
        unseal(clip)


def _bytes_only(descriptor: Descriptor) -> bool:
    return all(
        field.type == field.TYPE_BYTES if personal_class(field) else True for field in descriptor.fields
    )


def test_every_personal_field_of_the_catalogue_can_hold_ciphertext() -> None:
    messages = [m.DESCRIPTOR for stream in STREAMS for m in stream.messages]
    nested = [f.message_type for d in messages for f in d.fields if f.message_type is not None]

    assert all(_bytes_only(cast("Descriptor", descriptor)) for descriptor in [*messages, *nested])
