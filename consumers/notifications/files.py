"""Where messages go when nothing is to leave: files of this machine, for people to look at.

The address is left out: a file would outlive the erasure of its key.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

from consumers.notifications.letters import letter
from consumers.notifications.results import NotTaken, Outgoing, Taken, Unanswered

__all__ = ["EmailFiles", "SmsFile"]

_NOBODY: Final = "withheld@vouch.invalid"


class EmailFiles:
    """A `Port` that writes each e-mail into a file of its own, named by its id: sent again, the same file."""

    def __init__(self, folder: Path, *, sender: str) -> None:
        self._folder, self._sender = folder, sender

    def send(self, outgoing: Outgoing) -> Taken | NotTaken | Unanswered:
        """Write a message; see `Port`."""
        path = self._folder / f"{outgoing.message_id.partition('@')[0]}.eml"
        data = letter(outgoing._replace(address=_NOBODY), self._sender).as_bytes()
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(path.with_suffix(".new"), data, os.O_TRUNC)
            path.with_suffix(".new").replace(path)
        except OSError:
            return NotTaken("file", passing=True)
        return Taken("file")


class SmsFile:
    """A `Port` that adds a line of JSON for each short message."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, outgoing: Outgoing) -> Taken | NotTaken | Unanswered:
        """Write a message; see `Port`."""
        line = {"reference": outgoing.message_id, "to": "withheld", "text": outgoing.words.sms}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(self._path, json.dumps(line, ensure_ascii=False).encode() + b"\n", os.O_APPEND)
        except OSError:
            return NotTaken("file", passing=True)
        return Taken("file")


def _write(path: Path, data: bytes, how: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600), "wb") as file:
        file.write(data)
