"""What a journal must be, whatever happened to its writers: read from its rows, not by the product's code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import psycopg

__all__ = ["Row", "assert_sound", "rows_of"]


class Row(NamedTuple):
    """One event's place."""

    position: int
    id: str
    key: str
    keyseq: int
    unit: int
    unit_last: int
    sequenced_at_us: int
    payload: bytes


_ALL = """
    SELECT position, encode(id, 'hex'), partition_key, keyseq, unit, unit_last, sequenced_at_us, payload
    FROM journal ORDER BY position
"""


def rows_of(address: str) -> list[Row]:
    """Read every event's place."""
    with psycopg.connect(address, connect_timeout=5) as connection:
        return [Row(*row) for row in connection.execute(_ALL)]


def assert_sound(rows: Sequence[Row]) -> None:
    """Fail unless positions are dense, units contiguous, keys in order, time rising, nothing doubled."""
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))
    assert all(count == 1 for count in Counter(row.id for row in rows).values())
    assert all(row.unit <= row.position <= row.unit_last for row in rows)
    sizes = Counter((row.unit, row.unit_last) for row in rows)
    assert all(size == last - first + 1 for (first, last), size in sizes.items())
    assert all(a.sequenced_at_us <= b.sequenced_at_us for a, b in pairwise(rows))
    for key in {row.key for row in rows}:
        numbers = [row.keyseq for row in rows if row.key == key]
        assert numbers == list(range(1, len(numbers) + 1)), f"the order of {key} is broken"
