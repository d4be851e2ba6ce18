"""Who somebody is, once known: a client by one of its keys, or a phone by the token of its one case."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from access.models import ClientKey
from protocol.ids import from_us
from protocol.problems import Refused

__all__ = ["SCOPES", "Principal", "Unauthorised", "digest", "of_key", "require", "unless_ended"]

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

    `kind` client: `scopes` of the key `key_id`. By a ticket of that key, `scopes` are the ticket's, and where
    it was narrowed, `partition` (index, of how many) or `case` bound what may be read; by the key itself they
    are None and empty. Kind case: a phone with the token of `case`, no scopes; `token_sha256` is its hash.
    `expires_at` is the moment at which the key or token ends; None: it does not.
    """

    kind: Literal["client", "case"]
    client: str
    live: bool
    scopes: frozenset[str] = frozenset()
    key_id: str = ""
    case: str = ""
    partition: tuple[int, int] | None = None
    token_sha256: bytes = field(default=b"", repr=False)
    expires_at: datetime | None = None


def digest(secret: str) -> bytes:
    """Hash a key, token, ticket or code for rest: SHA-256 without salt, as each is 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()


def require(principal: Principal, scope: str) -> None:
    """Refuse whoever lacks a scope.

    Raises:
        Refused: `forbidden_scope`.
    """
    if scope not in principal.scopes:
        raise Refused("forbidden_scope", f"this needs a client key with the scope {scope}")


def of_key(key: ClientKey | None) -> Principal:
    """Tell whose key it is.

    Raises:
        Unauthorised: there is none, or it was revoked.
    """
    if key is None or key.revoked_at_us:
        raise Unauthorised
    return Principal(
        kind="client",
        client=key.client,
        live=key.live,
        scopes=frozenset(key.scopes),
        key_id=key.key_id,
        expires_at=from_us(key.expires_at_us) if key.expires_at_us else None,
    )


def unless_ended(principal: Principal, *, now: datetime) -> Principal:
    """Give somebody back whose key or token has not expired.

    Raises:
        Unauthorised: it has.
    """
    if principal.expires_at is not None and now >= principal.expires_at:
        raise Unauthorised
    return principal
