"""How a personal value is sealed, and opened by whoever has the key; where that comes from is not said here.

AES-SIV (RFC 5297) with the applicant's key of the field's class. The associated data are the event's id, the
schema's major version and the path of field numbers, so that the same event always gives the same bytes (a
rebuild), a renamed field still opens, and a ciphertext moved to another place does not.
"""

from __future__ import annotations

from typing import NamedTuple, cast
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from protocol.catalogue import PersonalClass, personal_class, stream_of, type_name

__all__ = ["DoesNotOpen", "Found", "Place", "find", "open_value", "own_key", "seal_value"]

_OWN_KEY_BYTES = 64


class DoesNotOpen(Exception):
    """Ciphertext, key and place do not belong together: it was changed, moved, or sealed by another key."""


class Place(NamedTuple):
    """Where a value was sealed: event, its type, and the path of field numbers with points, "4.6"."""

    event_id: UUID
    type: str
    path: str

    def context(self) -> list[bytes]:
        """Give the associated data that tie a ciphertext to this place."""
        return [self.event_id.bytes, str(stream_of(self.type).major).encode(), self.path.encode()]


class Found(NamedTuple):
    """A personal field of a message: its path of field numbers, its class, and what it holds."""

    path: str
    personal_class: PersonalClass
    value: bytes


def seal_value(key: bytes, value: bytes, place: Place) -> bytes:
    """Seal a value; the same one in the same place gives the same bytes."""
    return AESSIV(key).encrypt(value, place.context())


def open_value(key: bytes, ciphertext: bytes, place: Place) -> bytes:
    """Open a sealed value.

    Raises:
        DoesNotOpen: the ciphertext was changed or moved, or the key is another one.
    """
    try:
        return AESSIV(key).decrypt(ciphertext, place.context())
    except InvalidTag as error:
        raise DoesNotOpen(
            "a sealed value does not open: it was changed, moved, or sealed by another key"
        ) from error


def own_key(data_key: bytes, service: str) -> bytes:
    """Derive the key by which a service seals what it keeps itself of an applicant, 64 bytes.

    By HKDF-SHA256 (RFC 5869): it opens nothing of the journal's or of another service's, and once the data
    key is destroyed nobody can make it again.
    """
    return HKDF(SHA256(), _OWN_KEY_BYTES, None, b"vouch own key of " + service.encode()).derive(data_key)


def find(message: Message, name: str) -> Found:
    """Find a personal field of a message by its name.

    Args:
        message: in clear or sealed.
        name: field names with points, an index after a repeated one: "claimed.family_name", "fields.0.value".

    Raises:
        ValueError: the message has no personal field of that name.
    """
    holder, path = message, []
    *ways, last = name.split(".")
    for way in ways:
        if way.isdigit():
            holder, step = holder[int(way)], way  # type: ignore[index]  # a repeated field is no Message, but is indexed
        else:
            step = str(holder.DESCRIPTOR.fields_by_name[way].number)
            holder = getattr(holder, way)
        path.append(step)
    field = holder.DESCRIPTOR.fields_by_name.get(last)
    # The stubs give the C descriptor a class of its own.
    personal = None if field is None else personal_class(cast("FieldDescriptor", field))
    if field is None or personal is None:
        raise ValueError(f"{type_name(message)} has no personal field {name!r}")
    return Found(".".join([*path, str(field.number)]), personal, bytes(getattr(holder, last)))
