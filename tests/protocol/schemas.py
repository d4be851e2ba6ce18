"""The schemas as protoc understands them, with their comments: what the tests of the catalogue walk over."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)

from protocol.schemas import options_pb2 as options

__all__ = ["EVENT_PACKAGES", "FieldSaid", "compile_schema", "files", "said_fields", "said_messages"]

ROOT = Path(__file__).resolve().parent.parent.parent
# Packages whose messages are events; the feed and the journal door are forms of travel.
EVENT_PACKAGES = (
    "vouch.client.v1",
    "vouch.verification.v1",
    "vouch.decisions.v1",
    "vouch.dependency.v1",
    "vouch.streaming.v1",
)


@dataclass(frozen=True, slots=True)
class FieldSaid:
    """A field of a schema: its full name, its definition, and the comment before it."""

    name: str
    field: FieldDescriptorProto
    comment: str

    @property
    def data_class(self) -> int:
        """The personal-data class it was given; 0: none was said."""
        return self.field.options.Extensions[options.data]


def compile_schema(root: Path, *names: str) -> FileDescriptorSet:
    """Let protoc read schemas below a folder, comments included."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "schemas.bin"
        flags = ["-I.", f"-I{ROOT}", "--include_source_info", f"--descriptor_set_out={out}"]
        command = [sys.executable, "-m", "grpc_tools.protoc", *flags, *names]
        subprocess.run(command, cwd=root, check=True)
        return FileDescriptorSet.FromString(out.read_bytes())


@cache
def files() -> tuple[FileDescriptorProto, ...]:
    """Read every schema of the repository."""
    names = sorted(str(p.relative_to(ROOT)) for p in (ROOT / "protocol" / "schemas").glob("*.proto"))
    return tuple(compile_schema(ROOT, *names).file)


def said_messages(file: FileDescriptorProto) -> Iterator[tuple[str, DescriptorProto, str]]:
    """List the messages of a schema: full name, definition, comment."""
    comments = _comments(file)
    for number, message in enumerate(file.message_type):
        yield f"{file.package}.{message.name}", message, comments.get((4, number), "")


def said_fields(file: FileDescriptorProto) -> Iterator[FieldSaid]:
    """List the fields of a schema's messages."""
    comments = _comments(file)
    for number, message in enumerate(file.message_type):
        for place, field in enumerate(message.field):
            name = f"{file.package}.{message.name}.{field.name}"
            yield FieldSaid(name, field, comments.get((4, number, 2, place), ""))


def _comments(file: FileDescriptorProto) -> dict[tuple[int, ...], str]:
    # Paths are field numbers of FileDescriptorProto: 4 = message_type, then 2 = field (descriptor.proto).
    found = file.source_code_info.location
    return {tuple(place.path): place.leading_comments.strip() for place in found}
