"""The JSON form of a schema's messages, as far as it follows from the schema: names, types, comments."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from protocol.described import FieldSaid, files, said_fields, said_messages

__all__ = ["CURSOR", "EPOCH", "TIME", "Json", "closed", "comment_of", "fields_of", "object_of", "ref"]

Json = dict[str, Any]

EPOCH: Final[Json] = {"pattern": "^[0-9a-f]{8}$"}
CURSOR: Final[Json] = {"pattern": "^[0-9a-f]{8}-[0-9]{1,18}$"}
TIME: Final[Json] = {
    "format": "date-time",
    "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$",
}
_WHOLE: Final[Json] = {"type": "integer", "minimum": 0}
_TYPES: Final[dict[int, Json]] = {
    FieldDescriptorProto.TYPE_STRING: {"type": "string"},
    # Sealed inside; whoever may read it gets text.
    FieldDescriptorProto.TYPE_BYTES: {"type": "string"},
    FieldDescriptorProto.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptorProto.TYPE_UINT32: _WHOLE,
    FieldDescriptorProto.TYPE_UINT64: _WHOLE,
    FieldDescriptorProto.TYPE_DOUBLE: {"type": "number"},
}
# What a comment says of a value beyond its type, by the comment's first words.
_SAID: Final[dict[str, Json]] = {
    "RFC 3339 UTC": TIME,
    "8 hex digits": EPOCH,
    "epoch-number": CURSOR,
    "0 to 1.": {"minimum": 0, "maximum": 1},
    "From 1.": {"minimum": 1},
    "1, 2, 3": {"minimum": 1},
}
# A comment that is nothing but words, "approve, refer or decline.", lists all values that there are.
_LIST: Final = re.compile(r"([\w-]+(?:, [\w-]+)*) or ([\w-]+)\.|([a-z_]+)")


def ref(name: str) -> Json:
    """Refer to a schema of the page."""
    return {"$ref": f"#/components/schemas/{name}"}


def closed(properties: Json, required: list[str], *, comment: str = "") -> Json:
    """Make the schema of an object that has these properties and no others."""
    told = {"description": comment} if comment else {}
    return {
        **told,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def object_of(name: str) -> Json:
    """Make the schema of a message, by its full name; what is chosen between (`oneof`) is left out.

    An `optional` field may be absent, every other is always there.
    """
    plain = [said for said in fields_of(name) if not _is_chosen(said.field)]
    required = [said.field.name for said in plain if not said.field.proto3_optional]
    return closed({said.field.name: _value(said) for said in plain}, required, comment=comment_of(name))


@cache
def comment_of(name: str) -> str:
    """Give what a schema says of a message, by its full name."""
    return next(comment for file in files() for said, _, comment in said_messages(file) if said == name)


@cache
def fields_of(name: str) -> tuple[FieldSaid, ...]:
    """List the fields of a message, by its full name, with what the schema says of each."""
    return tuple(
        said for file in files() for said in said_fields(file) if said.name.rpartition(".")[0] == name
    )


def _is_chosen(field: FieldDescriptorProto) -> bool:
    return field.HasField("oneof_index") and not field.proto3_optional


def _value(said: FieldSaid) -> Json:
    field, comment = said.field, {"description": said.comment}
    if field.type_name in _entries():
        return {**comment, "type": "object", "additionalProperties": _of_type(_entries()[field.type_name])}
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        return {**comment, "type": "array", "items": {**_of_type(field), **_narrowed(said)}}
    one = _of_type(field)
    # Beside a $ref a description would not count.
    return {**comment, **({"allOf": [one]} if "$ref" in one else {**one, **_narrowed(said)})}


def _of_type(field: FieldDescriptorProto) -> Json:
    if field.type == FieldDescriptorProto.TYPE_MESSAGE:
        return ref(field.type_name.rpartition(".")[2])
    return _TYPES[field.type]


@cache
def _entries() -> dict[str, FieldDescriptorProto]:
    """Find the value of every map there is, by the type name of its entry."""
    return {
        f".{name}.{inner.name}": inner.field[1]
        for file in files()
        for name, message, _ in said_messages(file)
        for inner in message.nested_type
    }


def _narrowed(said: FieldSaid) -> Json:
    """Read from a comment which values there are."""
    for start, narrower in _SAID.items():
        if said.comment.startswith(start):
            return narrower
    found = _LIST.fullmatch(said.comment) if said.field.type == FieldDescriptorProto.TYPE_STRING else None
    if found is None:
        return {}
    several, last, single = found.groups()
    return {"enum": [single] if single else [*several.split(", "), last]}
