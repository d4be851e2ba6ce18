"""What a credential may read: scopes, and the partition or case that a ticket was narrowed to."""

from __future__ import annotations

from access.principals import Principal, require
from access.tickets import lies_within
from protocol.problems import Refused
from streaming.feeds import Part

__all__ = ["PERSONAL", "allow"]

PERSONAL = "feed:personal"


def allow(principal: Principal, part: Part, *, personal: bool) -> None:
    """Check that a client's credential is for all of a part of its feed.

    Raises:
        Refused: `forbidden_scope`.
    """
    require(principal, "feed:read")
    if personal:
        require(principal, PERSONAL)
    if principal.case and part.case != principal.case:
        raise Refused("forbidden_scope", "this ticket is for one case: ask for that")
    own = principal.partition
    if own is not None and (part.case or not lies_within((part.index, part.of), own)):
        raise Refused("forbidden_scope", f"this ticket is for partition {own[0]}/{own[1]}: ask for that")
