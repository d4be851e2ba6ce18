"""The JSON schema of every frame of the public feed, from `feed_v1.proto`.

What JSON says otherwise than Protocol Buffers is written out here, and nowhere else.
"""

from __future__ import annotations

from typing import Final

from google.protobuf.message import Message

from protocol.asyncapi.closing import bye_reasons
from protocol.asyncapi.schemas import CURSOR, Json, closed, fields_of, object_of, ref
from protocol.checks import CHECKS, GRADES
from protocol.schemas import feed_v1_pb2 as feed

__all__ = ["CLIENT_FRAMES", "NOT_YET", "SERVER_FRAMES", "frame_schemas"]

# Marks what the contract promises and nothing says yet.
NOT_YET: Final = "x-not-yet"
_PACKAGE: Final = "vouch.feed.v1"


def _frames_in(envelope: type[Message]) -> dict[str, str]:
    """Read which frames there are: each one's name, and its message's."""
    return {f.name: f.message_type.name for f in envelope.DESCRIPTOR.fields if f.message_type}


SERVER_FRAMES: Final = _frames_in(feed.ServerFrame)
CLIENT_FRAMES: Final = _frames_in(feed.ClientFrame)
_FRAMES: Final = SERVER_FRAMES | CLIENT_FRAMES
# The envelopes of Protocol Buffers: a JSON frame names itself instead.
_ENVELOPES: Final = {"ServerFrame", "ClientFrame"}
_MOST: Final = (1 << 64) - 1
_MOST_CREDIT: Final = 1_000_000
_DIGITS: Final = 10**18 - 1

# Null in JSON where Protocol Buffers leave the field out.
_NULL: Final = {"Welcome.auth_expires_at", "Evidence.id", "Partial.evidence", "Decision.corrects"}
# Always there, though marked `optional`; and left out, though not marked.
_ALWAYS: Final = {"Welcome.auth_expires_at", "Evidence.id", "Partial.evidence"}
_MAY_LACK: Final = {"Bye.available", "Decision.policy", "Hello.kinds", "MachineZone.lines"}
# Values that the schema's words leave open.
_VALUES: Final[dict[str, Json]] = {
    "Ack.number": {"maximum": _MOST},
    "Auth.ticket": {"minLength": 1},
    "Check.check": {"enum": [*map(str, CHECKS)]},
    "Check.status": {"enum": [*map(str, GRADES)]},
    "Credit.n": {"maximum": _MOST_CREDIT},
    "Decision.missing": {"items": {"enum": [*map(str, CHECKS)]}},
    "Hello.after": CURSOR,
    "Hello.credit": {"maximum": _MOST},
    "Hello.from": {"type": ["string", "integer"], "minimum": 1, "maximum": _DIGITS}
    | {"pattern": "^(earliest|latest|[1-9][0-9]{0,17})$"},
    "Hello.limit": {"type": ["integer", "string"], "minimum": 1, "maximum": _DIGITS}
    | {"pattern": "^[1-9][0-9]{0,17}$"},
    "Hello.partition": {"pattern": "^[0-9]{1,2}/(1|2|4|8|16|32|64)$"},
    "Hello.subscription": {"pattern": "^[A-Za-z0-9._:-]{1,64}$"},
    "Hello.ticket": {"minLength": 1},
    "Hello.wait": {"type": ["integer", "string"], "maximum": _DIGITS, "pattern": "^[0-9]{1,18}$"},
}
# The value of a fact, which a `oneof` holds in Protocol Buffers, by a pattern of the fact's name.
_FACTS: Final[dict[str, Json]] = {
    "document_type": {"type": "string"},
    r"field\.[a-z_]+": {"type": "string"},
    "mrz": ref("MachineZone"),
    "portrait_found": {"type": "boolean"},
    "face_seen": {"type": "boolean"},
    "age_over_minimum": {"enum": ["yes", "no", "unknown"]},
    "barcode": {"type": "object", "description": "`{format, text?}`", NOT_YET: True},
}
# The kinds of the contract that no event makes yet, with the names of their data.
_PROMISED: Final = {
    "request": ("evidence_kind", "reason", "attempt", "last", "until"),
    "erased": ("applicant",),
}


def frame_schemas() -> dict[str, Json]:
    """Make the schemas of all frames and of what they are made of, by name."""
    frames = {message: _framed(message, name) for name, message in _FRAMES.items()}
    parts = feed.DESCRIPTOR.message_types_by_name.keys() - frames.keys() - _ENVELOPES
    made = frames | {name: _object(name) for name in parts}
    _tell_record(made["Record"])
    _tell_partial(made["Partial"])
    _tell_bye(made["Bye"])
    made["Wish"] = _tell_hello(made["Hello"])
    made["Erased"] = closed(
        {"erased": {"const": True}}, ["erased"], comment="The personal data of the record was erased."
    )
    made["Outcome"] = _outcome()
    return dict(sorted(made.items()))


def _kinds() -> dict[str, Json]:
    """Give the data of a record by its kind; a kind that nothing says yet is marked."""
    told = {
        said.comment.removeprefix("kind "): ref(said.field.type_name.rpartition(".")[2])
        for said in fields_of(f"{_PACKAGE}.Record")
        if said.comment.startswith("kind ")
    }
    # Personal values of partials are erased with their applicant; decisions stay.
    told["partial"] = {"anyOf": [told["partial"], ref("Erased")]}
    # A phone's word for a decision, which has no message of its own: phones read JSON.
    told["outcome"] = ref("Outcome")
    promised = {
        kind: {"type": "object", "required": [*names], NOT_YET: True} for kind, names in _PROMISED.items()
    }
    return {**told, **promised}


def _object(name: str) -> Json:
    made = object_of(f"{_PACKAGE}.{name}")
    properties, always = made["properties"], {f"{name}.{field}" for field in made["required"]}
    for field in properties:
        full = f"{name}.{field}"
        properties[field] |= _VALUES.get(full, {})
        if full in _NULL:
            properties[field]["type"] = [properties[field]["type"], "null"]
            properties[field]["description"] += " In JSON: null."
    always = (always | _ALWAYS) - _MAY_LACK
    return made | {"required": [field for field in properties if f"{name}.{field}" in always]}


def _framed(message: str, name: str) -> Json:
    """Make the schema of a frame, which says its own name."""
    made = _object(message)
    properties = {"frame": {"const": name}, **made["properties"]}
    return made | {"properties": properties, "required": ["frame", *made["required"]]}


def _tell_record(record: Json) -> None:
    """Put the data where the `oneof` was: the kind tells which."""
    told = _kinds()
    record["properties"]["kind"] |= {"enum": [*told]}
    record["properties"]["data"] = {"type": "object", "description": "As `kind` says."}
    record["required"].append("data")
    record["allOf"] = [_when("kind", {"const": kind}, "data", data) for kind, data in told.items()]


def _tell_partial(partial: Json) -> None:
    """Put the value where the `oneof` was: the fact tells which; it may be withheld from who reads."""
    partial["properties"]["fact"] |= {"pattern": f"^({'|'.join(_FACTS)})$"}
    partial["properties"]["value"] = {
        "description": "As `fact` says; left out of a personal fact for whoever may not see it."
    }
    partial["allOf"] = [
        _when("fact", {"pattern": f"^{fact}$"}, "value", value) for fact, value in _FACTS.items()
    ]


def _when(field: str, holds: Json, other: str, then: Json) -> Json:
    return {
        "if": {"properties": {field: holds}, "required": [field]},
        "then": {"properties": {other: then}},
    }


def _tell_bye(bye: Json) -> None:
    """A refusal says in JSON also what its problem document would, in seconds."""
    bye["properties"]["reason"] |= {"enum": bye_reasons()}
    bye["properties"]["retry_after"] = {
        "type": "integer",
        "minimum": 0,
        "description": "Of a refusal: the same as retry_after_ms, in seconds.",
    }


def _tell_hello(hello: Json) -> Json:
    """Let kinds be a list or text with commas between; gives the wish alone, as a query says it."""
    one = "|".join(_kinds())
    text = {"type": "string", "pattern": f"^({one})(,({one}))*$"}
    properties, told = hello["properties"], {"description": hello["properties"]["kinds"]["description"]}
    several = {"type": "array", "items": {"enum": [*_kinds()]}, "minItems": 1}
    properties["kinds"] = told | {"anyOf": [several, text]}
    hello["not"] = {"required": ["from", "after"]}
    wish = {name: schema for name, schema in properties.items() if name not in {"frame", "ticket", "credit"}}
    comment = "What is wanted of a feed: where it begins, which part, until when."
    return closed(wish | {"kinds": told | text}, [], comment=comment) | {"not": hello["not"]}


def _outcome() -> Json:
    words = {"enum": ["approved", "in_review", "not_approved", "pending"]}
    text = object_of(f"{_PACKAGE}.Reason")["properties"]["message"]
    comment = "What a phone is told of a decision."
    return closed({"outcome": words, "message": text}, ["outcome", "message"], comment=comment)
