"""What a client's credential may read: scopes, and the partition or case that a ticket was narrowed to."""

from __future__ import annotations

from access.principals import Principal, require
from access.reach import partition_to_read, require_case
from streaming.reading.feeds import Part

__all__ = ["PERSONAL", "allow"]

PERSONAL = "feed:personal"


def allow(principal: Principal, part: Part, *, personal: bool) -> None:
    """Check that a credential is for all of a part of its client's feed.

    Raises:
        Refused: `forbidden_scope`, or `not_found` for a case that is out of reach.
    """
    require(principal, "feed:read")
    if personal:
        require(principal, PERSONAL)
    if part.case:
        require_case(principal, part.case)
    else:
        partition_to_read(principal, (part.index, part.of))
