"""The answers of a re-scoring kept in a file as they come, so that a run can be broken off and go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from protocol.otherwise import CaseAnswers, case_of, line_of

__all__ = ["Kept"]


class Kept:
    """A file of answers, a line a case; None: nothing is kept."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._lines: IO[str] | None = None

    def before(self) -> Iterator[CaseAnswers]:
        """Give the cases that are in it.

        Raises:
            ValueError: a line of it is no answer: it is another file.
        """
        if self._file is not None and self._file.exists():
            with self._file.open(encoding="utf-8") as lines:
                yield from (case_of(line) for line in lines if line.endswith("\n"))

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Open it for what comes next; a last line without its end, as a killed run leaves it, is dropped."""
        if self._file is None:
            yield
            return
        whole = self._file.read_bytes() if self._file.exists() else b""
        self._file.touch(mode=0o600)
        with self._file.open("r+", encoding="utf-8", buffering=1) as self._lines:
            self._lines.seek(whole.rfind(b"\n") + 1)
            self._lines.truncate()
            yield

    def keep(self, case: CaseAnswers) -> None:
        """Write a case."""
        if self._lines is not None:
            self._lines.write(line_of(case) + "\n")
