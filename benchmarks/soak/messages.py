"""What the writers say, every message the same however often it is said, and how far each has come."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final
from uuid import UUID, uuid5

__all__ = ["KEYS", "STREAM", "WRITERS", "event_id", "key_of", "note", "noted", "written_by"]

STREAM: Final = "verification.case"
WRITERS: Final = ("writer-0", "writer-1", "writer-2")
# As many events as are under way in the service at most: one of a key at a time.
KEYS: Final = 24
_NAMES: Final = UUID(int=22)


def event_id(writer: str, number: int) -> UUID:
    """Give the id under which a writer says its nth message, as a caller repeats its idempotency key."""
    return uuid5(_NAMES, f"{writer}:{number}")


def key_of(writer: str, number: int) -> str:
    """Choose the case that a message is about."""
    return f"case-{random.Random(f'{writer}:{number}').randrange(KEYS)}"


def written_by(writer: str, messages: int) -> int:
    """Tell how many of all messages are one writer's."""
    share, rest = divmod(messages, len(WRITERS))
    return share + (WRITERS.index(writer) < rest)


def noted(path: Path) -> int:
    """Read a number; 0 before the first was noted."""
    return int(path.read_text()) if path.exists() else 0


def note(path: Path, number: int) -> None:
    """Write a number down, whole or not at all."""
    new = path.with_suffix(path.suffix + ".new")
    new.write_text(str(number))
    new.replace(path)
