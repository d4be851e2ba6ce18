"""Complaint 18: a reader of minor 2 reads minor 4 and the reverse; what breaks that fails here."""

from __future__ import annotations

from collections.abc import Callable, MutableSequence

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorSet
from google.protobuf.message import Message

from protocol.schemas import verification_v1_pb2 as v
from tests.protocol.released import breaks, current, released

NAME = "vouch.verification.v1.CheckCompleted"
Change = Callable[[FileDescriptorSet], None]


def _check(schemas: FileDescriptorSet) -> MutableSequence[FieldDescriptorProto]:
    """The fields of CheckCompleted, to be changed in place."""
    found = (m for f in schemas.file for m in f.message_type if f"{f.package}.{m.name}" == NAME)
    return next(found).field


def _later() -> type[Message]:
    """CheckCompleted as two minors later: with a field more."""
    schemas = current()
    _check(schemas).append(
        FieldDescriptorProto(
            name="assessor",
            number=900,
            type=FieldDescriptorProto.TYPE_STRING,
            label=FieldDescriptorProto.LABEL_OPTIONAL,
        )
    )
    pool = descriptor_pool.DescriptorPool()
    for file in _ordered(schemas):
        pool.AddSerializedFile(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(NAME))


def _ordered(schemas: FileDescriptorSet) -> list[bytes]:
    """The files, each after those it imports."""
    own = descriptor_pb2.DESCRIPTOR.serialized_pb
    done: dict[str, bytes] = {"google/protobuf/descriptor.proto": own}
    waiting = [file for file in schemas.file if file.name not in done]
    while waiting:
        ready = [file for file in waiting if all(name in done for name in file.dependency)]
        assert ready, [file.name for file in waiting]
        done |= {file.name: file.SerializeToString() for file in ready}
        waiting = [file for file in waiting if file.name not in done]
    return list(done.values())


def test_complaint_18_an_older_reader_reads_a_newer_event_and_passes_on_what_it_does_not_know() -> None:
    newer = _later()(check="tamper", status="clear", assessor="team-b")

    read = v.CheckCompleted.FromString(newer.SerializeToString())
    back = _later().FromString(read.SerializeToString())

    assert (read.check, read.status) == ("tamper", "clear")
    assert back.assessor == "team-b"  # type: ignore[attr-defined]  # as above


def test_complaint_18_a_newer_reader_reads_an_older_event() -> None:
    read = _later().FromString(v.CheckCompleted(check="tamper").SerializeToString())

    assert (read.check, read.assessor) == ("tamper", "")  # type: ignore[attr-defined]  # as above


def test_complaint_18_nothing_that_was_released_has_been_broken() -> None:
    assert breaks(released(), current()) == []


def _remove(schemas: FileDescriptorSet) -> None:
    del _check(schemas)[0]


def _renumber(schemas: FileDescriptorSet) -> None:
    _check(schemas)[0].number = 901


def _rename(schemas: FileDescriptorSet) -> None:
    _check(schemas)[0].name = "something_else"


def _retype(schemas: FileDescriptorSet) -> None:
    _check(schemas)[0].type = FieldDescriptorProto.TYPE_INT64


def _remove_message(schemas: FileDescriptorSet) -> None:
    for file in schemas.file:
        kept = [m for m in file.message_type if f"{file.package}.{m.name}" != NAME]
        del file.message_type[:]
        file.message_type.extend(kept)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_remove, "was removed"),
        (_renumber, "was removed"),
        (_rename, "is now something_else"),
        (_retype, "changed its type"),
        (_remove_message, "was removed"),
    ],
)
def test_complaint_18_each_kind_of_break_is_found(change: Change, said: str) -> None:
    changed = current()

    change(changed)

    assert [line for line in breaks(current(), changed) if NAME in line and said in line]


def test_complaint_18_what_a_minor_may_do_is_no_break() -> None:
    added = current()

    _check(added).append(FieldDescriptorProto(name="more", number=902, type=FieldDescriptorProto.TYPE_BOOL))

    assert breaks(current(), added) == []
