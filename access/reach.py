"""How far somebody may read: all of a feed or, by a ticket that was narrowed, one partition or one case."""

from __future__ import annotations

from hashlib import sha256

from access.identity import Principal
from protocol.problems import Refused

__all__ = ["lies_within", "partition_to_read", "require_case", "slot_of_case"]


def slot_of_case(case: str) -> int:
    """Give the slot, 0 to 255, by which a case falls into a partition: slot mod n."""
    return sha256(case.encode()).digest()[0]


def lies_within(inner: tuple[int, int], outer: tuple[int, int]) -> bool:
    """Tell whether every case of one partition is in another: i/n splits into i/2n and (i+n)/2n."""
    return inner[1] % outer[1] == 0 and inner[0] % outer[1] == outer[0]


def partition_to_read(principal: Principal, asked: tuple[int, int] | None) -> tuple[int, int]:
    """Give the partition (index, of how many) of its client's feed that somebody will read.

    Args:
        principal: who reads.
        asked: the partition that they name; None: they name none, and get all that they may.

    Raises:
        Refused: `forbidden_scope`: they may read one case only, or another partition.
    """
    if principal.case:
        raise Refused("forbidden_scope", "this token or ticket is for one case: follow that case's feed")
    reach = principal.partition or (0, 1)
    if asked is not None and not lies_within(asked, reach):
        raise Refused(
            "forbidden_scope", f"this ticket is for the partition {reach[0]}/{reach[1]} and its parts"
        )
    return reach if asked is None else asked


def require_case(principal: Principal, case: str) -> None:
    """Refuse whose token or ticket is for other cases; whose case it is, is not looked at.

    Raises:
        Refused: `not_found`.
    """
    inside = principal.case in {"", case}
    if principal.partition is not None:
        index, of = principal.partition
        inside = inside and slot_of_case(case) % of == index
    if not inside:
        raise Refused("not_found", "you have no case of that id")
