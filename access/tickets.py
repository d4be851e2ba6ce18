"""Tickets: what a client's server gives to its browser, so that this opens one feed and nothing else.

A ticket is good for 30 seconds and one use. It may do less than the key that it was made with, never more,
and what it opened ends with that key.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from access.identity import SCOPES, Principal, Unauthorised, digest, of_key, require, unless_ended
from access.models import CaseDoor, Client, ClientKey, Ticket
from events.retrying import retried
from protocol.ids import to_us
from protocol.problems import Refused

__all__ = ["MOST_PARTS", "PREFIX", "Minted", "Narrowing", "mint", "partition_of", "redeem"]

PREFIX: Final = "vouch_ticket_"
LASTS: Final = timedelta(seconds=30)
MOST_UNUSED: Final = 1_000
MOST_PARTS: Final = 64
_READ: Final = "feed:read"
# A ticket opens feeds alone, so it carries no other scope of its key.
_OF_FEEDS: Final = frozenset({_READ, "feed:personal"})
_PARTITION: Final = re.compile(r"([0-9]{1,2})/([0-9]{1,2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """What a ticket may do less than its key: None and empty, as much as the key.

    `partition` is "i/n" as a feed takes it; `case` one case's id. Both at once do not go together.
    """

    scopes: frozenset[str] | None = None
    partition: str = ""
    case: str = ""


@dataclass(frozen=True, slots=True)
class Minted:
    """A fresh ticket, shown this once, as only its hash is kept; and when it ends unless it is used."""

    ticket: str
    expires_at: datetime


@retried
def mint(asker: Principal, narrowing: Narrowing, *, now: datetime) -> Minted:
    """Make a ticket for a client that asks with a key; its expired ones are forgotten.

    Raises:
        Refused: `forbidden_scope`: the asker may not read the feed, or asks for more than it may;
            `invalid`: a scope or partition that there is not; `not_found`: no case of theirs;
            `rate_limited`: too many tickets lie unused.
    """
    scopes = _narrowed(asker, narrowing)
    if narrowing.partition:
        partition_of(narrowing.partition)
    _check_case(asker, narrowing)
    ticket = f"{PREFIX}{secrets.token_urlsafe(32)}"
    ends = min(now + LASTS, asker.expires_at or now + LASTS)
    with transaction.atomic():
        _make_room(asker.client, to_us(now))
        Ticket.objects.create(
            sha256=digest(ticket),
            client=asker.client,
            key_id=asker.key_id,
            scopes=sorted(scopes),
            partition=narrowing.partition,
            case=narrowing.case,
            expires_at_us=to_us(ends),
        )
    return Minted(ticket, ends)


def redeem(secret: str, *, now: datetime) -> Principal:
    """Use a ticket up, and tell who holds it; of several who use it at once, one gets in.

    Raises:
        Unauthorised: no such ticket, or it was used or has expired, or the key it was made with has ended.
    """
    hashed = digest(secret)
    ticket = Ticket.objects.filter(pk=hashed, expires_at_us__gt=to_us(now)).first()
    # Whoever takes the row away has used the ticket: a database lets one statement do that.
    if ticket is None or not Ticket.objects.filter(pk=hashed).delete()[0]:
        raise Unauthorised
    key = unless_ended(of_key(ClientKey.objects.filter(pk=ticket.key_id).first()), now=now)
    return Principal(
        kind="client",
        client=key.client,
        live=key.live,
        scopes=key.scopes & frozenset(ticket.scopes),
        key_id=key.key_id,
        case=ticket.case,
        partition=partition_of(ticket.partition) if ticket.partition else None,
        expires_at=key.expires_at,
    )


def partition_of(text: str) -> tuple[int, int]:
    """Read "i/n": partition i, from 0, of n.

    Raises:
        Refused: `invalid`: it is none.
    """
    found = _PARTITION.fullmatch(text)
    index, of = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (1 <= of <= MOST_PARTS and of & (of - 1) == 0 and index < of):
        raise Refused(
            "invalid",
            f"partition must be i/n with n a power of two up to {MOST_PARTS} and i from 0 to n - 1",
            field="partition",
        )
    return index, of


def _narrowed(asker: Principal, narrowing: Narrowing) -> frozenset[str]:
    require(asker, _READ)
    asked = asker.scopes if narrowing.scopes is None else narrowing.scopes
    if unknown := asked - set(SCOPES):
        raise Refused("invalid", f"no scope is named {', '.join(sorted(unknown))}", field="scopes")
    for scope in sorted(asked):
        require(asker, scope)
    if _READ not in asked:
        raise Refused("invalid", f"a ticket reads a feed: its scopes include {_READ}", field="scopes")
    return asked & _OF_FEEDS


def _check_case(asker: Principal, narrowing: Narrowing) -> None:
    if not narrowing.case:
        return
    if narrowing.partition:
        raise Refused("invalid", "a case is one whole: leave partition out", field="partition")
    mine = {"client": asker.client, "live": asker.live}
    if not CaseDoor.objects.filter(pk=narrowing.case, **mine).exists():
        raise Refused("not_found", "you have no case of that id")


def _make_room(client: str, now_us: int) -> None:
    """Forget the client's expired tickets, and see that one more is not too many.

    The client's row is locked: of many at once each counts what the others have made.
    """
    Client.objects.select_for_update().get(pk=client)
    mine = Ticket.objects.filter(client=client)
    mine.filter(expires_at_us__lte=now_us).delete()
    if mine.count() >= MOST_UNUSED:
        first_us = mine.order_by("expires_at_us").values_list("expires_at_us", flat=True)[0]
        raise Refused(
            "rate_limited",
            f"{MOST_UNUSED} tickets lie unused; make one when it is needed",
            retry_after=max(1, -(-(first_us - now_us) // 1_000_000)),
        )
