"""The two files that leave the house: an export of the log, and the heads that were published of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, TextIO

from consumers.audit.errors import Fault, WrongFile
from consumers.audit.heads import Head
from consumers.audit.lines import HEADER, head_line, line_of, read_head, read_line
from consumers.audit.log import Kept

__all__ = ["HeadsFile", "read_export", "write_export"]

# Longer than any head.
_TAIL: Final = 2_048


def write_export(log: Iterable[Kept], file: TextIO) -> int:
    """Write a log, line by line; gives the number of entries."""
    file.write(HEADER + "\n")
    count = 0
    for kept in log:
        file.write(line_of(kept) + "\n")
        count += 1
    return count


def read_export(file: TextIO) -> Iterator[Kept]:
    """Read an export, line by line.

    Raises:
        WrongFile: it does not begin as an export does.
        Fault: a line is no entry, or was cut short.
    """
    if file.readline() != HEADER + "\n":
        raise WrongFile(f"this is no export of an audit log: its first line is not {HEADER}")
    number = 0
    try:
        for number, line in enumerate(file, 1):
            if not line.endswith("\n"):
                raise Fault(number, "its line was cut short")
            yield read_line(line.removesuffix("\n"))
    except WrongFile as error:
        raise Fault(number, str(error)) from error
    except UnicodeDecodeError:
        raise Fault(number + 1, "its line is not written in ASCII") from None


class HeadsFile:
    """Published heads, a line each, oldest first; only ever appended to."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, head: Head) -> None:
        """Put a head at the end; it is on the disk when this returns."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._mend()
        with self._path.open("a", encoding="ascii") as file:
            file.write(head_line(head) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def newest(self) -> Head | None:
        """Give the last head that was appended whole; None: there is none.

        Raises:
            WrongFile: the file's last line is no head.
        """
        lines = self._tail().split(b"\n")[:-1]
        return self._read(lines[-1].decode("ascii", "replace")) if lines else None

    def all(self) -> list[Head]:
        """Give every head.

        Raises:
            WrongFile: it cannot be read, or a line is no head.
        """
        try:
            text = self._path.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise WrongFile(f"{self._path} cannot be read: {type(error).__name__}") from error
        # Something after the last line's end is a head that was never published: a crash cut it off.
        return [self._read(line) for line in text.split("\n")[:-1]]

    def _read(self, line: str) -> Head:
        try:
            return read_head(line)
        except WrongFile as error:
            raise WrongFile(f"{self._path} has a line that is no head: {error}") from error

    def _tail(self) -> bytes:
        if not self._path.exists():
            return b""
        with self._path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            return file.read()

    def _mend(self) -> None:
        """Take away what a crash left of a line."""
        tail = self._tail()
        torn = len(tail) - (tail.rfind(b"\n") + 1)
        if torn:
            os.truncate(self._path, self._path.stat().st_size - torn)
