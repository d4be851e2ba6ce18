"""Parts of a feed: named as the server names them, split and merged without a loss or a repeat."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.reach import slot_of_case
from tests.clients.scripted import EPOCH, record
from vouch_feed import Merged, Position, Record, partition, slot, split
from vouch_feed.frames import frame_of

PARTS = st.sampled_from([1, 2, 4, 8, 16, 32])


def made(number: int, case: str) -> Record:
    found = frame_of(json.dumps({**record(number), "case": case}).encode())
    assert isinstance(found, Record)
    return found


@given(st.uuids())
def test_a_case_has_the_slot_that_the_product_gives_it(case: object) -> None:
    assert slot(str(case)) == slot_of_case(str(case))


@given(st.text(), PARTS)
def test_a_part_splits_into_two_that_hold_what_it_held(case: str, n: int) -> None:
    i = partition(case, n)

    assert (partition(case, 2 * n), 2 * n) in split(i, n)


@given(st.data(), st.sampled_from([2, 4, 8]))
def test_merged_parts_give_each_record_that_its_part_had_not_passed(data: st.DataObject, n: int) -> None:
    records = [made(number, f"case {data.draw(st.integers(0, 9))}") for number in range(1, 25)]
    places = {(i, n): Position(EPOCH, data.draw(st.integers(0, 24))) for i in range(n)}
    merged = Merged(places)

    given_again = [r.number for r in records if r.number > merged.start.number and not merged.passed(r)]

    assert given_again == [r.number for r in records if r.number > places[partition(r.case, n), n].number]


def test_parts_of_several_epochs_cannot_be_merged() -> None:
    with pytest.raises(ValueError, match="one epoch"):
        Merged({(0, 2): Position("0badcafe", 1), (1, 2): Position("deadbeef", 1)})
