"""Who is asking: told by the header that they send, and asked again while a stream of theirs lasts."""

from __future__ import annotations

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


def still_valid(principal: Principal, *, now: datetime) -> datetime | None:
    """Ask whether somebody may still go on: at most two questions to the database, and nothing is used up.

    Who came by a ticket goes on as long as the key that the ticket was made with.

    Returns:
        When that ends, as it stands now; None: it does not.

    Raises:
        Unauthorised: the key or token was revoked, replaced, cut short or has expired meanwhile.
    """
    if principal.kind == "case":
        found = _by_token(principal.token_sha256)
    else:
        found = of_key(ClientKey.objects.filter(pk=principal.key_id).first())
    return unless_ended(found, now=now).expires_at


def _by_key(hashed: bytes) -> Principal:
    return of_key(ClientKey.objects.filter(sha256=hashed).first())


def _by_token(hashed: bytes) -> Principal:
    token = CaseToken.objects.filter(sha256=hashed, ended_at_us=0).first()
    if token is None:
        raise Unauthorised
    door = CaseDoor.objects.get(pk=token.case)
    ends_us = min(token.expires_at_us, door.reading_ends_at_us or token.expires_at_us)
    return Principal(
        kind="case",
        client=door.client,
        live=door.live,
        case=token.case,
        token_sha256=hashed,
        expires_at=from_us(ends_us),
    )
