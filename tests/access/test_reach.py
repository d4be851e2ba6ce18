"""How far a narrowed ticket reaches."""

from __future__ import annotations

from hashlib import sha256

import pytest

from access.principals import Principal
from access.reach import lies_within, partition_to_read, require_case
from protocol.problems import Refused

pytestmark = pytest.mark.django_db(databases="__all__")

CASE = "01990000-0000-7000-8000-000000000001"
OTHER = "01990000-0000-7000-8000-000000000002"
SLOT = sha256(CASE.encode()).digest()[0]


def _holder(*, case: str = "", partition: tuple[int, int] | None = None) -> Principal:
    return Principal(kind="client", client="cl_1", live=True, case=case, partition=partition)


@pytest.mark.parametrize(
    ("inner", "outer", "lies"),
    [
        ((0, 1), (0, 1), True),
        ((1, 4), (1, 2), True),
        ((3, 4), (1, 2), True),
        ((2, 4), (1, 2), False),
        ((1, 2), (1, 4), False),
        ((5, 64), (1, 4), True),
    ],
)
def test_a_partition_lies_within_the_one_it_was_split_from(
    inner: tuple[int, int], outer: tuple[int, int], *, lies: bool
) -> None:
    byte_by_byte = all(slot % outer[1] == outer[0] for slot in range(256) if slot % inner[1] == inner[0])

    assert lies_within(inner, outer) is lies is byte_by_byte


def test_a_key_reads_what_it_asks_for_and_all_of_it_otherwise() -> None:
    assert partition_to_read(_holder(), None) == (0, 1)
    assert partition_to_read(_holder(), (3, 4)) == (3, 4)


def test_a_ticket_for_a_partition_reads_that_or_parts_of_it() -> None:
    holder = _holder(partition=(1, 2))

    assert partition_to_read(holder, None) == (1, 2)
    assert partition_to_read(holder, (3, 4)) == (3, 4)
    for wider in ((0, 1), (0, 2), (2, 4)):
        with pytest.raises(Refused, match="forbidden_scope"):
            partition_to_read(holder, wider)


@pytest.mark.parametrize("kind", ["client", "case"])
def test_who_may_read_one_case_reads_no_feed(kind: str) -> None:
    phone = Principal(kind="case", client="cl_1", live=True, case=CASE)
    holder = phone if kind == "case" else _holder(case=CASE)

    with pytest.raises(Refused, match="forbidden_scope"):
        partition_to_read(holder, None)


def test_a_ticket_for_a_case_reads_that_case_only() -> None:
    require_case(_holder(case=CASE), CASE)
    require_case(_holder(), OTHER)

    with pytest.raises(Refused, match="not_found"):
        require_case(_holder(case=CASE), OTHER)


def test_a_ticket_for_a_partition_reads_the_cases_that_lie_in_it() -> None:
    require_case(_holder(partition=(SLOT % 64, 64)), CASE)

    with pytest.raises(Refused, match="not_found"):
        require_case(_holder(partition=((SLOT + 1) % 64, 64)), CASE)
