"""Are two copies of a table the same, row for row, and how is the one made like the other?"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Final

from django.db import router
from django.db.models import Model, QuerySet

from events.guard import projecting

__all__ = ["Difference", "Kind", "confirmed", "differences", "mend"]

# SQLite takes at most 999 parameters in its oldest builds; a composite key takes two a row.
_AT_ONCE: Final = 400


class Kind(StrEnum):
    """What is wrong with a live row."""

    MISSING = "missing"
    EXTRA = "extra"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that the live table has not as it should be; `pk` is its primary key."""

    model: type[Model]
    pk: Any
    kind: Kind


def differences(models: Iterable[type[Model]], made: str) -> list[Difference]:
    """Compare live tables with those made anew in the database `made`; some 100 bytes a row are held."""
    return [difference for model in models for difference in _of_table(model, made, None)]


def confirmed(suspected: Iterable[Difference], made: str) -> list[Difference]:
    """Look again at rows that differed: those that still do, as they are now."""
    by_model: defaultdict[type[Model], list[Any]] = defaultdict(list)
    for difference in suspected:
        by_model[difference.model].append(difference.pk)
    return [
        difference
        for model, keys in by_model.items()
        for few in _chunks(keys)
        for difference in _of_table(model, made, few)
    ]


def mend(found: Iterable[Difference], made: str) -> None:
    """Make live rows like those made anew, in the caller's transaction."""
    by_model: defaultdict[type[Model], list[Any]] = defaultdict(list)
    for difference in found:
        by_model[difference.model].append(difference.pk)
    with projecting():
        for model, keys in by_model.items():
            for few in _chunks(keys):
                _rows(model, router.db_for_write(model)).filter(pk__in=few).delete()
                right = list(_rows(model, made).filter(pk__in=few))
                model._base_manager.using(router.db_for_write(model)).bulk_create(right)  # noqa: SLF001


def _of_table(model: type[Model], made: str, keys: Sequence[Any] | None) -> Iterator[Difference]:
    live = dict(_digests(_rows(model, router.db_for_read(model)), keys))
    for pk, digest in _digests(_rows(model, made), keys):
        found = live.pop(pk, None)
        if found is None:
            yield Difference(model, pk, Kind.MISSING)
        elif found != digest:
            yield Difference(model, pk, Kind.DIFFERENT)
    for pk in live:
        yield Difference(model, pk, Kind.EXTRA)


def _rows(model: type[Model], alias: str) -> QuerySet[Model]:
    return model._base_manager.using(alias)  # noqa: SLF001 - every row, whatever a manager of its own hides


def _digests(rows: QuerySet[Model], keys: Sequence[Any] | None) -> Iterator[tuple[Any, bytes]]:
    names = [field.attname for field in rows.model._meta.concrete_fields if field.column is not None]  # noqa: SLF001
    chosen = rows if keys is None else rows.filter(pk__in=keys)
    for pk, *values in chosen.values_list("pk", *names).iterator(chunk_size=2000):
        told = repr([_plain(value) for value in values]).encode()
        yield pk, blake2b(told, digest_size=16).digest()


def _plain(value: object) -> object:
    """Give a value one form, whichever database it came from."""
    match value:
        case memoryview():
            return bytes(value)
        case dict() | list():
            return json.dumps(value, sort_keys=True)
        case _:
            return value


def _chunks(keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(keys), _AT_ONCE):
        yield keys[start : start + _AT_ONCE]
