"""The event streams on the page: a channel a Kafka topic, as other teams subscribe to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from google.protobuf.message import Message

from protocol.asyncapi.feed import PROTOBUF
from protocol.asyncapi.schemas import TIME, Json, comment_of, fields_of, ref
from protocol.catalogue import STREAMS, Lane, Stream, type_name
from protocol.cloudevents import CONTENT_TYPE, NUMBERS, TEXTS, TIMES, VERSION
from protocol.described import source_of
from protocol.schemas import options_pb2 as options

__all__ = ["channels", "header_schemas", "messages", "operations"]

_DAY_MS: Final = 24 * 3600 * 1000
_DELIVERY: Final = {
    Lane.BEST_EFFORT: "Sent without waiting, lost and counted while Kafka is away. No place in the journal.",
    Lane.GUARANTEED: "Kept by the journal; in the order of the key, at least once: leave out positions that "
    "you have had. Read with isolation.level=read_committed.",
    Lane.COORDINATED: "As guaranteed; all events from ce_unit to ce_unitlast appear together or not at all.",
}
# Attributes of an event without a place in the journal; the others are given there.
_WITHOUT_PLACE: Final = {"type", "source", "subject", "client", "time"}
# Never left out; other texts are where they are empty.
_ALWAYS: Final = {"type", "source", "position", "unit", "unitlast", "keyseq", "minor", *TIMES}


def channels() -> Json:
    """Describe every stream of the catalogue."""
    return {stream.topic: _channel(stream) for stream in STREAMS}


def operations() -> Json:
    """Say of every stream that we send it."""
    return {
        f"tell_{stream.topic.replace('.', '_')}": {
            "action": "send",
            "channel": {"$ref": f"#/channels/{stream.topic}"},
            "messages": [
                {"$ref": f"#/channels/{stream.topic}/messages/{message.DESCRIPTOR.name}"}
                for message in stream.messages
            ],
        }
        for stream in STREAMS
    }


def messages() -> Json:
    """Describe every event of the catalogue."""
    return {
        type_name(message): _message(stream, message) for stream in STREAMS for message in stream.messages
    }


def header_schemas() -> Json:
    """Make the schemas of an event's headers: with a place in the journal, and without."""
    without = {name: told for name, told in _attributes().items() if name in _WITHOUT_PLACE}
    return {
        "EventHeaders": _headers(_attributes(), _ALWAYS),
        "EventHeadersWithoutPlace": _headers(without, _ALWAYS & _WITHOUT_PLACE),
    }


def _channel(stream: Stream) -> Json:
    topic = {
        "topic": stream.topic,
        "partitions": stream.partitions,
        "topicConfiguration": {"retention.ms": stream.retention_days * _DAY_MS},
        "bindingVersion": "0.5.0",
    }
    return {
        "address": stream.topic,
        "title": stream.name,
        "description": f"{stream.meaning} {_DELIVERY[stream.lane]}",
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {
            message.DESCRIPTOR.name: {"$ref": f"#/components/messages/{type_name(message)}"}
            for message in stream.messages
        },
        "bindings": {"kafka": topic},
        "x-lane": stream.lane.value,
        "x-key": stream.key,
        "x-owner": stream.owner,
        "x-producers": [*stream.producers],
        "x-consumers": [*stream.consumers],
    }


def _message(stream: Stream, message: type[Message]) -> Json:
    name = type_name(message)
    placed = stream.lane is not Lane.BEST_EFFORT
    key = {"type": "string", "description": f"The {stream.key}'s id: its events keep their order."}
    return {
        "name": name,
        "title": message.DESCRIPTOR.name,
        "summary": comment_of(name),
        "contentType": CONTENT_TYPE,
        "headers": ref("EventHeaders" if placed else "EventHeadersWithoutPlace"),
        "payload": {"schemaFormat": PROTOBUF, "schema": source_of(name)},
        "bindings": {"kafka": {"key": key, "bindingVersion": "0.5.0"}},
        "x-schema": message.DESCRIPTOR.file.name,
        "x-personal": dict(_personal(name)),
    }


def _personal(name: str, within: str = "") -> Iterator[tuple[str, str]]:
    """List the sealed fields of a message, at any depth, with the class of the key that seals each."""
    for said in fields_of(name):
        path = f"{within}{said.field.name}"
        if said.data_class > options.NONE:
            yield path, options.Personal.DESCRIPTOR.values_by_number[said.data_class].name.lower()
        elif said.field.type_name:
            yield from _personal(said.field.type_name.removeprefix("."), f"{path}.")


def _attributes() -> Json:
    comments = {said.field.name: said.comment for said in fields_of("vouch.journal.v1.Record")}
    texts = {name: {"type": "string", "description": comments[field]} for name, field in TEXTS.items()}
    numbers = {
        name: {"type": "string", "pattern": "^[0-9]+$", "description": comments[field]}
        for name, field in NUMBERS.items()
    }
    # The comments speak of the journal's microseconds; a header has the same moment as RFC 3339.
    times = {
        name: {"type": "string", **TIME, "description": comments[field].rpartition(": ")[2].capitalize()}
        for name, field in TIMES.items()
    }
    return texts | numbers | times


def _headers(attributes: Json, always: set[str]) -> Json:
    first = {
        "content-type": {"const": CONTENT_TYPE},
        "ce_specversion": {"const": VERSION},
        "ce_id": {"type": "string", "format": "uuid", "description": "The event's id."},
        "ce_lane": {
            "enum": [lane.value for lane in Lane],
            "description": "How hard it was delivered: coordinated also where it went with such an event.",
        },
    }
    return {
        "type": "object",
        "description": "A CloudEvent in binary mode: attributes as text; an empty one is left out.",
        "properties": first | {f"ce_{name}": told for name, told in attributes.items()},
        "required": [*first, *(f"ce_{name}" for name in attributes if name in always)],
        "additionalProperties": False,
    }
