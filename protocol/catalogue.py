"""The catalogue of streams: which one carries an event, and what is true of it (`protocol/streams.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from protocol.schemas import options_pb2 as options
from protocol.stream import Lane, PersonalClass, Stream
from protocol.streams import OURS

__all__ = [
    "STREAMS",
    "Lane",
    "PersonalClass",
    "Stream",
    "UnknownType",
    "all_types",
    "knows",
    "lane_of",
    "message_class",
    "parse",
    "personal_class",
    "stream_named",
    "stream_of",
    "type_name",
    "use",
]


class UnknownType(LookupError):
    """No stream of the catalogue carries a message of that name: skip and count it, or mend the sender."""


_rows: list[Stream] = []
STREAMS: Sequence[Stream] = _rows
_BY_NAME: dict[str, Stream] = {}
_PARSERS: dict[str, Callable[[bytes], Message]] = {}
_BY_TYPE: dict[str, tuple[Stream, type[Message]]] = {}
_CLASSES = {
    options.CONTACT: PersonalClass.CONTACT,
    options.IDENTITY: PersonalClass.IDENTITY,
    options.BIOMETRIC: PersonalClass.BIOMETRIC,
}


def use(streams: Iterable[Stream]) -> None:
    """Make this process's catalogue another product's: its rows in place of ours.

    For an application that keeps events of its own, with `events` and `subscriber` as libraries: see
    docs/strangler.md.
    Call it before anything is said or followed: in its Django settings, and first in its services.

    Raises:
        ValueError: two rows have one name, or carry the same message; nothing was changed.
    """
    rows = list(streams)
    types = [type_name(message) for stream in rows for message in stream.messages]
    if len({stream.name for stream in rows}) < len(rows) or len(set(types)) < len(types):
        raise ValueError("two rows of the catalogue have one name, or carry the same message")
    for kept in (_BY_NAME, _PARSERS, _BY_TYPE):
        kept.clear()
    _rows[:] = rows
    _BY_NAME.update((stream.name, stream) for stream in rows)
    for stream in rows:
        for message in stream.messages:
            _PARSERS[type_name(message)] = message.FromString
            _BY_TYPE[type_name(message)] = (stream, message)


def type_name(message: Message | type[Message]) -> str:
    """Give the event type of a message: its schema's full name."""
    return message.DESCRIPTOR.full_name


def stream_named(name: str) -> Stream:
    """Find a stream by its name.

    Raises:
        UnknownType: the catalogue has no such stream.
    """
    if name not in _BY_NAME:
        raise UnknownType(f"no stream is named {name!r}; the catalogue has {', '.join(_BY_NAME)}")
    return _BY_NAME[name]


def stream_of(type_: str) -> Stream:
    """Find the stream that carries events of a type.

    Raises:
        UnknownType: no stream carries it.
    """
    return _row(type_)[0]


def lane_of(streams: Iterable[Stream]) -> Lane:
    """Find the lane of a unit that has events of these streams: coordinated as soon as one of them is.

    So a decision is guaranteed when it is said alone, and coordinated when it goes with an exposure.
    """
    if any(stream.lane is Lane.COORDINATED for stream in streams):
        return Lane.COORDINATED
    return Lane.GUARANTEED


def message_class(type_: str) -> type[Message]:
    """Find the class whose messages events of a type carry.

    Raises:
        UnknownType: no stream carries it.
    """
    return _row(type_)[1]


def parse(type_: str, payload: bytes) -> Message:
    """Read the message of an event.

    Raises:
        UnknownType: no stream carries its type.
        google.protobuf.message.DecodeError: the payload is no such message.
    """
    try:
        parser = _PARSERS[type_]
    except KeyError:
        raise UnknownType(f"no stream carries {type_!r}") from None
    return parser(payload)


def personal_class(field: FieldDescriptor) -> PersonalClass | None:
    """Tell which class of key seals a field; None for a field that says nothing about a person."""
    return _CLASSES.get(field.GetOptions().Extensions[options.data])


def knows(type_: str) -> bool:
    """Tell whether this build has events of a type."""
    return type_ in _BY_TYPE


def _row(type_: str) -> tuple[Stream, type[Message]]:
    if type_ not in _BY_TYPE:
        raise UnknownType(f"no stream carries {type_!r}")
    return _BY_TYPE[type_]


def all_types() -> Iterator[str]:
    """List the type of every event there is."""
    return iter(_BY_TYPE)


use(OURS)
