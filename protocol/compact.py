"""Dataclasses as JSON in few bytes, for tables of one's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Final, TypeAlias

__all__ = ["compact"]

_Fields: TypeAlias = tuple[tuple[str, ...], Callable[[object], tuple[object, ...]]]
# Of each dataclass that was written, the fields' names and what reads them all: a replay writes millions.
_known: dict[type, _Fields] = {}


def compact(value: object) -> bytes:
    """Write dataclasses, each as an object of its fields, of which it has two at least.

    Equal ones give equal bytes. Nothing in them may lead back to itself.
    """
    return _ENCODER.encode(value).encode()


def _plain(value: object) -> dict[str, object]:
    kind = type(value)
    known = _known.get(kind)
    if known is None:
        known = _known[kind] = _looked_at(kind)
    names, members = known
    return dict(zip(names, members(value), strict=True))


def _looked_at(kind: type) -> _Fields:
    first, second, *others = (field.name for field in fields(kind))
    return (first, second, *others), attrgetter(first, second, *others)


_ENCODER: Final = json.JSONEncoder(
    default=_plain, sort_keys=True, separators=(",", ":"), check_circular=False
)
