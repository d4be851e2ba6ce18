"""Who is asking: a client by one of its keys, or a phone by the token of its one case."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from access.models import CaseDoor, CaseToken, ClientKey
from protocol.ids import from_us
from protocol.problems import Refused

__all__ = ["SCOPES", "Principal", "Unauthorised", "authenticate", "digest", "require"]

SCOPES: tuple[str, ...] = (
    "cases:write",
    "feed:read",
    "feed:personal",
    "evidence:read",
    "policies:write",
    "applicants:erase",
)


class Unauthorised(Refused):
    """Nobody we know: the same words for every cause, so that nothing can be learned from them."""

    def __init__(self) -> None:
        super().__init__(
            "unauthorised", "send `Authorization: Bearer` with a key or token that is valid and has not ended"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who is asking, and what they may.

    `kind` client: `scopes` of the key `key_id`, `case` empty. Kind case: a phone with the token of `case`,
    no scopes. `expires_at` is the moment at which the key or token ends; None: it does not.
    """

    kind: Literal["client", "case"]
    client: str
    live: bool
    scopes: frozenset[str] = frozenset()
    key_id: str = ""
    case: str = ""
    expires_at: datetime | None = None


def digest(secret: str) -> bytes:
    """Hash a key, token or code for rest: SHA-256 without salt, as each is 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()


def authenticate(authorization_header: str, *, now: datetime) -> Principal:
    """Tell who sends an Authorization header.

    Raises:
        Unauthorised: no such key or token, or it was revoked, replaced or has expired.
    """
    scheme, _, secret = authorization_header.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorised
    hashed = digest(secret.strip())
    principal = _by_token(hashed) if secret.strip().startswith("vouch_case_") else _by_key(hashed)
    if principal.expires_at is not None and now >= principal.expires_at:
        raise Unauthorised
    return principal


def require(principal: Principal, scope: str) -> None:
    """Refuse whoever lacks a scope.

    Raises:
        Refused: `forbidden_scope`.
    """
    if scope not in principal.scopes:
        raise Refused("forbidden_scope", f"this needs a client key with the scope {scope}")


def _by_key(hashed: bytes) -> Principal:
    key = ClientKey.objects.filter(sha256=hashed, revoked_at_us=0).first()
    if key is None:
        raise Unauthorised
    return Principal(
        kind="client",
        client=key.client,
        live=key.live,
        scopes=frozenset(key.scopes),
        key_id=key.key_id,
        expires_at=from_us(key.expires_at_us) if key.expires_at_us else None,
    )


def _by_token(hashed: bytes) -> Principal:
    token = CaseToken.objects.filter(sha256=hashed, ended_at_us=0).first()
    if token is None:
        raise Unauthorised
    door = CaseDoor.objects.get(pk=token.case)
    ends_us = min(token.expires_at_us, door.reading_ends_at_us or token.expires_at_us)
    return Principal(
        kind="case", client=door.client, live=door.live, case=token.case, expires_at=from_us(ends_us)
    )
