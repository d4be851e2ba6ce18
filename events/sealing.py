"""Personal values under lock: sealed when an event is written, copied sealed into tables, opened at the edge.

How a value is sealed and opened by a key is the protocol's (`protocol/sealing.py`): services open values too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TypeVar
from uuid import UUID

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from events.errors import DoesNotOpen
from events.keys import data_key
from protocol import sealing
from protocol.catalogue import PersonalClass, personal_class, type_name
from protocol.envelope import Event
from protocol.sealing import Place, find, open_value, seal_value

__all__ = ["Sealed", "personal_classes", "seal", "sealed_field", "unseal", "without_personal"]

M = TypeVar("M", bound=Message)
# Reading a field's options costs more than sealing its value.
_class_of = cache(personal_class)


@dataclass(frozen=True, slots=True)
class _Value:
    """Where a personal value lies: holder, field, index in a repeated field, path of field numbers."""

    holder: Message
    field: FieldDescriptor
    index: int | None
    path: str
    personal: PersonalClass

    def get(self) -> bytes:
        value = getattr(self.holder, self.field.name)
        return bytes(value if self.index is None else value[self.index])

    def put(self, value: bytes) -> None:
        if self.index is None:
            setattr(self.holder, self.field.name, value)
        else:
            getattr(self.holder, self.field.name)[self.index] = value


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed value and all it takes to open it, for tables that copy it from an event.

    `ciphertext` is empty where the event said nothing.
    """

    event_id: UUID
    path: str
    ciphertext: bytes
    applicant: str
    personal_class: PersonalClass
    type: str

    def open(self) -> bytes:
        """Open the value; empty stays empty.

        Raises:
            Erased: the applicant's key was destroyed.
            KeysAway: the key store cannot answer: come again.
            DoesNotOpen: the ciphertext was changed or moved.
        """
        if not self.ciphertext:
            return b""
        key = data_key(self.applicant, self.personal_class, create=False)
        return _open(key, self.ciphertext, Place(self.event_id, self.type, self.path))

    def __bytes__(self) -> bytes:
        """Write it for a column; `from_bytes` reads it."""
        words = "\0".join((self.path, self.applicant, self.personal_class, self.type))
        return self.event_id.bytes + words.encode() + b"\0" + self.ciphertext

    @classmethod
    def from_bytes(cls, data: bytes) -> Sealed:
        """Read what `bytes(sealed)` wrote.

        Raises:
            ValueError: it is no such thing.
        """
        path, applicant, personal, type_, ciphertext = bytes(data[16:]).split(b"\0", 4)
        return cls(
            event_id=UUID(bytes=bytes(data[:16])),
            path=path.decode(),
            ciphertext=ciphertext,
            applicant=applicant.decode(),
            personal_class=PersonalClass(personal.decode()),
            type=type_.decode(),
        )


def personal_classes(message: Message) -> set[PersonalClass]:
    """List the classes of which a message has values."""
    return {value.personal for value in _values(message)}


def seal(message: M, *, event_id: UUID, applicant: str) -> M:
    """Give a copy of a message with its personal values sealed; one without any is given back as it is.

    Raises:
        Erased, KeysAway: no key can be had.
    """

    def close(value: _Value, place: Place) -> bytes:
        return seal_value(data_key(applicant, value.personal, create=True), value.get(), place)

    return _changed(message, event_id, close)


def unseal(event: Event) -> Message:
    """Give a copy of an event's message with its personal values in clear.

    Raises:
        Erased: the applicant's key was destroyed.
        KeysAway: the key store cannot answer: come again.
        DoesNotOpen: a value was changed or moved.
    """

    def uncover(value: _Value, place: Place) -> bytes:
        return _open(data_key(event.envelope.applicant, value.personal, create=False), value.get(), place)

    return _changed(event.message, event.envelope.id, uncover)


def without_personal(message: M) -> M:
    """Give a copy of a message, in clear or sealed, without its personal values."""
    copy = type(message)()
    copy.CopyFrom(message)
    for value in _values(copy):
        value.put(b"")
    return copy


def sealed_field(event: Event, name: str) -> Sealed:
    """Take one personal value from an event as it is, sealed.

    Args:
        event: as the journal gave it.
        name: field names with points, an index after a repeated one: "claimed.family_name", "fields.0.value".

    Raises:
        ValueError: the message has no personal field of that name.
    """
    found = find(event.message, name)
    return Sealed(
        event_id=event.envelope.id,
        path=found.path,
        ciphertext=found.value,
        applicant=event.envelope.applicant,
        personal_class=found.personal_class,
        type=event.envelope.type,
    )


def _changed(message: M, event_id: UUID, change: Callable[[_Value, Place], bytes]) -> M:
    if not _may_be_personal(message.DESCRIPTOR):
        return message
    copy = type(message)()
    copy.CopyFrom(message)
    for value in _values(copy):
        value.put(change(value, Place(event_id, type_name(message), value.path)))
    return copy


def _open(key: bytes, ciphertext: bytes, place: Place) -> bytes:
    try:
        return open_value(key, ciphertext, place)
    except sealing.DoesNotOpen as error:
        raise DoesNotOpen(str(error)) from error


@cache
def _may_be_personal(descriptor: Descriptor) -> bool:
    return any(
        _class_of(field) is not None
        or (field.message_type is not None and _may_be_personal(field.message_type))
        for field in descriptor.fields
    )


def _values(message: Message, path: str = "") -> Iterator[_Value]:
    """Walk the personal values that a message has, nested and repeated ones too; empty ones are not there."""
    if not _may_be_personal(message.DESCRIPTOR):
        return
    for field, value in message.ListFields():
        here = f"{path}{field.number}"
        parts = list(enumerate(value)) if field.is_repeated else [(None, value)]
        for index, part in parts:
            where = here if index is None else f"{here}.{index}"
            if field.message_type is not None:
                yield from _values(part, f"{where}.")
            elif (personal := _class_of(field)) is not None and part:
                yield _Value(message, field, index, where, personal)
