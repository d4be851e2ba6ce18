"""Partitions split a feed by case: each record belongs to exactly one part, and a part splits in two."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from access.reach import slot_of_case
from streaming.reading.feeds import Part, Row

rows = st.uuids().map(lambda case: Row(1, slot_of_case(str(case)), "case", str(case), b"", b"", ""))
counts = st.sampled_from([1, 2, 4, 8, 16, 32, 64])


def part(index: int, of: int) -> Part:
    return Part(feed="f", index=index, of=of)


@given(rows, counts)
def test_a_record_belongs_to_exactly_one_part(row: Row, n: int) -> None:
    assert sum(part(i, n).holds(row) for i in range(n)) == 1


@given(rows, st.sampled_from([1, 2, 4, 8, 16, 32]), st.integers(0, 63))
def test_a_part_splits_into_two_that_keep_its_checkpoint(row: Row, n: int, number: int) -> None:
    i = number % n
    halves = [part(i, 2 * n).holds(row), part(i + n, 2 * n).holds(row)]
    assert any(halves) == part(i, n).holds(row)
    assert not all(halves)
