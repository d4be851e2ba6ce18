"""Two messages of one kind held against each other: what differs is named, no personal value is shown."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

from google.protobuf.message import Message

__all__ = ["differences", "leaves"]

# Moments are not answers, and a changed model is what is tried: it is told beside the answers.
_NOT_ASKED: Final = frozenset({"started_at_us", "finished_at_us", "model"})
# Another machine adds numbers up in another order; no band is as narrow.
_ALIKE: Final = 1e-6
_NAMES: Final = ("name", "code", "do")

Leaf = str | bytes | int | float | bool | tuple[object, ...]


def differences(was: Message | None, would_be: Message | None) -> tuple[str, ...]:
    """Name the values that differ, sorted; both messages are in clear."""
    before, after = _asked(was), _asked(would_be)
    return tuple(sorted(n for n in before.keys() | after.keys() if not _alike(before.get(n), after.get(n))))


def leaves(message: Message, path: str = "") -> Iterator[tuple[str, Leaf]]:
    """Walk the values that a message has, each by its names: "breakdown[ghost_match].score"."""
    for field, value in message.ListFields():
        here = f"{path}{field.name}"
        if field.message_type is None:
            yield here, tuple(value) if field.is_repeated else value
        elif field.is_repeated:
            yield from _parts(here, value)
        else:
            yield from leaves(value, f"{here}.")


def _parts(here: str, parts: Iterator[Message]) -> Iterator[tuple[str, Leaf]]:
    """Walk a list whose members have a name of their own, or else a number; one that comes again has both."""
    seen: dict[str, int] = {}
    for part in parts:
        name = next((str(getattr(part, n)) for n in _NAMES if n in part.DESCRIPTOR.fields_by_name), "")
        seen[name] = seen.get(name, -1) + 1
        place = ":".join(word for word in (name, str(seen[name] or "" if name else seen[name])) if word)
        yield f"{here}[{place}]", place
        yield from leaves(part, f"{here}[{place}].")


def _asked(message: Message | None) -> dict[str, Leaf]:
    found = () if message is None else leaves(message)
    return {name: value for name, value in found if name.rpartition(".")[2] not in _NOT_ASKED}


def _alike(was: object, would_be: object) -> bool:
    if isinstance(was, tuple) and isinstance(would_be, tuple):
        return all(_alike(one, other) for one, other in zip_longest(was, would_be))
    if isinstance(was, float) and isinstance(would_be, float):
        return math.isclose(was, would_be, rel_tol=_ALIKE, abs_tol=_ALIKE)
    return was == would_be
