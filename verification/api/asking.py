"""Who asks, for which case, and when: what every view begins with."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from rest_framework.request import Request

from access.authentication import principal_of
from access.principals import Principal, require
from protocol.ids import from_us
from protocol.problems import Refused
from verification import queries

__all__ = ["arrived_at", "by", "client_case", "client_of", "device_of", "moment", "now", "own_case"]

_DEVICE = re.compile(r"[A-Za-z0-9_-]{16,128}")
# Where `Arrival` notes when a request's first byte came, in microseconds since 1970 UTC.
ARRIVED = "vouch.arrived_us"


def now() -> datetime:
    """Read the clock: the edge of the house; everything within is given the time."""
    return datetime.now(UTC)


def arrived_at(request: Request) -> datetime:
    """Tell when the request's first byte came."""
    scope = getattr(request._request, "scope", {})  # noqa: SLF001 - the framework's request has no other door
    return from_us(scope[ARRIVED]) if ARRIVED in scope else now()


def device_of(request: Request) -> str:
    """Tell by which random id the phone knows itself again; empty: by none, or by none of its form."""
    said = request.headers.get("Vouch-Device", "")
    return said if _DEVICE.fullmatch(said) else ""


def own_case(request: Request, case: str) -> Principal:
    """Let in the phone of a case, or its client with `cases:write`.

    Raises:
        Refused: `unauthorised`, `forbidden_scope`, or `not_found`: no case of theirs.
    """
    principal = principal_of(request)
    return principal if principal.kind == "case" and _theirs(principal, case) else client_case(request, case)


def _theirs(principal: Principal, case: str) -> bool:
    if principal.case != case:
        raise Refused("forbidden_scope", "a case token opens its own case only")
    return True


def client_case(request: Request, case: str, scope: str = "cases:write") -> Principal:
    """Let in the client of a case, with a key that has a scope.

    Raises:
        Refused: `unauthorised`, `forbidden_scope`, or `not_found`: no case of theirs.
    """
    principal = client_of(request, scope)
    if queries.owner_of(case) != queries.Owner(principal.client, principal.live):
        raise Refused("not_found", "there is no case of that id")
    return principal


def client_of(request: Request, scope: str) -> Principal:
    """Let in a client, with a key that has a scope.

    Raises:
        Refused: `unauthorised` or `forbidden_scope`.
    """
    principal = principal_of(request)
    require(principal, scope)
    return principal


def by(principal: Principal) -> str:
    """Say who did something, in the words of the events."""
    return "client" if principal.kind == "client" else "applicant"


def moment(when: datetime) -> str:
    """Write a moment as RFC 3339 in UTC, to the millisecond."""
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
