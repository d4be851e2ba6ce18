"""Who is asking: told by the header that they send, and asked again while a stream of theirs lasts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from access import tickets as feed_tickets
from access.identity import SCOPES, Principal, Unauthorised, digest, of_key, require, unless_ended
from access.models import CaseDoor, CaseToken, ClientKey
from protocol.ids import from_us

__all__ = ["SCOPES", "Principal", "Unauthorised", "authenticate", "digest", "require", "still_valid"]


def authenticate(authorization_header: str, *, now: datetime, tickets: bool = False) -> Principal:
    """Tell who sends an Authorization header.

    Args:
        authorization_header: the header's value.
        now: the present moment.
        tickets: take a ticket too, and use it up: for the feed alone. Elsewhere a ticket names nobody, and
            is not used up.

    Raises:
        Unauthorised: no such key or token, or it was revoked, replaced, used or has expired.
    """
    scheme, _, secret = authorization_header.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorised
    secret = secret.strip()
    if tickets and secret.startswith(feed_tickets.PREFIX):
        return feed_tickets.redeem(secret, now=now)
    hashed = digest(secret)
    found = _by_token(hashed) if secret.startswith("vouch_case_") else _by_key(hashed)
    return unless_ended(found, now=now)


def still_valid(principals: Collection[Principal], *, now: datetime) -> dict[Principal, datetime | None]:
    """Ask who of some may still go on, in at most three questions to the database; nothing is used up.

    Who came by a ticket goes on as long as the key that the ticket was made with.

    Returns:
        Those who may, each with when that ends, as it stands now; None: it does not. Whose key or token was
        revoked, replaced, cut short or has expired is not among them.
    """
    found = _by_keys({one.key_id for one in principals if one.kind == "client"})
    found |= _by_tokens({one.token_sha256 for one in principals if one.kind == "case"})
    ends: dict[Principal, datetime | None] = {}
    for principal in principals:
        who = found.get(principal.token_sha256 or principal.key_id)
        if who is not None and (who.expires_at is None or now < who.expires_at):
            ends[principal] = who.expires_at
    return ends


def _by_key(hashed: bytes) -> Principal:
    return of_key(ClientKey.objects.filter(sha256=hashed).first())


def _by_token(hashed: bytes) -> Principal:
    found = _by_tokens({hashed})
    if hashed not in found:
        raise Unauthorised
    return found[hashed]


def _by_keys(ids: Collection[str]) -> dict[str | bytes, Principal]:
    """Find the keys that were not revoked."""
    keys = ClientKey.objects.filter(revoked_at_us=0).in_bulk(ids)
    return {key_id: of_key(key) for key_id, key in keys.items()}


def _by_tokens(hashes: Collection[bytes]) -> dict[str | bytes, Principal]:
    """Find the tokens that were not replaced."""
    tokens = CaseToken.objects.filter(ended_at_us=0).in_bulk(hashes).values()
    doors = CaseDoor.objects.in_bulk({token.case for token in tokens})
    return {bytes(token.sha256): _of_token(token, doors[token.case]) for token in tokens}


def _of_token(token: CaseToken, door: CaseDoor) -> Principal:
    ends_us = min(token.expires_at_us, door.reading_ends_at_us or token.expires_at_us)
    return Principal(
        kind="case",
        client=door.client,
        live=door.live,
        case=token.case,
        token_sha256=bytes(token.sha256),
        expires_at=from_us(ends_us),
    )
