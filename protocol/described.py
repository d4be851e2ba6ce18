"""The schemas as protoc understands them, with their comments: what pages and tests are made from.

It asks the compiler, which only development has: no service may import it.
"""

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

__all__ = ["ROOT", "FieldSaid", "compile_schema", "files", "said_fields", "said_messages", "source_of"]

ROOT = Path(__file__).resolve().parent.parent


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
    return {tuple(place.path): " ".join(place.leading_comments.split()) for place in found}


def source_of(name: str) -> str:
    """Give a message as its schema writes it, comments included, after the parts that it is made of.

    It is a schema by itself; `name` is the message's full name.
    """
    package, _, _ = name.rpartition(".")
    file = next(file for file in files() if file.package == package)
    wanted, texts = _with_parts(file, name), _texts(file)
    chosen = [texts[said] for said, _, _ in said_messages(file) if said in wanted]
    head = ['syntax = "proto3";', f"package {package};", *(f'import "{other}";' for other in file.dependency)]
    return "\n\n".join(["\n".join(head), *chosen]) + "\n"


def _with_parts(file: FileDescriptorProto, name: str) -> set[str]:
    """Name a message and those of its schema that it is made of, in any depth."""
    messages = {said: message for said, message, _ in said_messages(file)}
    found, waiting = set[str](), [name]
    while waiting:
        found.add(one := waiting.pop())
        inner = messages[one].nested_type  # the entries of maps
        fields = [*messages[one].field, *(field for entry in inner for field in entry.field)]
        named = {field.type_name.removeprefix(".") for field in fields}
        waiting += sorted((named & messages.keys()) - found)
    return found


def _texts(file: FileDescriptorProto) -> dict[str, str]:
    """Cut a schema's source into its messages, each with the comment before it."""
    lines = (ROOT / file.name).read_text().splitlines()
    texts = {}
    for place in file.source_code_info.location:
        if place.path[0:1] == [4] and len(place.path) == 2:
            first, last = place.span[0], place.span[-2]
            while first and lines[first - 1].startswith("//"):
                first -= 1
            name = f"{file.package}.{file.message_type[place.path[1]].name}"
            texts[name] = "\n".join(lines[first : last + 1])
    return texts
