"""The released schemas, and what a change would break; `python -m tests.protocol.released` renews them.

A minor may add; it may not remove, renumber or retype. What must go gets a new major, a topic of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorSet

from protocol.described import files

__all__ = ["RELEASED", "breaks", "current", "released"]

RELEASED = Path(__file__).parent / "released.bin"


def current() -> FileDescriptorSet:
    """Read the schemas as they are, without comments."""
    found = FileDescriptorSet(file=files())
    for file in found.file:
        file.ClearField("source_code_info")
    return found


def released() -> FileDescriptorSet:
    """Read the schemas as they were released."""
    return FileDescriptorSet.FromString(RELEASED.read_bytes())


def breaks(old: FileDescriptorSet, new: FileDescriptorSet) -> list[str]:
    """List what readers or writers of the old schemas would stumble over."""
    now, was = _messages(new), _messages(old)
    gone = [f"{name} was removed" for name in was.keys() - now.keys()]
    return sorted(
        gone + [said for name in was.keys() & now.keys() for said in _changed(name, was[name], now[name])]
    )


def _messages(schemas: FileDescriptorSet) -> dict[str, DescriptorProto]:
    return {f"{file.package}.{m.name}": m for file in schemas.file for m in file.message_type}


def _changed(name: str, old: DescriptorProto, new: DescriptorProto) -> Iterator[str]:
    fields = {field.number: field for field in new.field}
    taken = {number for kept in old.reserved_range for number in range(kept.start, kept.end)}
    for number in taken & fields.keys():
        yield f"{name}: the number {number} was reserved and is used again"
    for field in old.field:
        found = fields.get(field.number)
        if found is None:
            yield f"{name}.{field.name} ({field.number}) was removed"
        elif found.name != field.name:
            yield f"{name}.{field.name} ({field.number}) is now {found.name}"
        elif _kind(found) != _kind(field):
            yield f"{name}.{field.name} ({field.number}) changed its type"


def _kind(field: FieldDescriptorProto) -> tuple[object, ...]:
    return (
        field.type,
        field.type_name,
        field.label,
        field.oneof_index if field.HasField("oneof_index") else None,
    )


if __name__ == "__main__":
    RELEASED.write_bytes(current().SerializeToString(deterministic=True))
