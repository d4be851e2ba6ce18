"""Use cases of clients: add one, give it keys, take keys away, let its own reviewers decide."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import available_timezones

from django.db import transaction

from access.models import Client, ClientKey
from access.principals import SCOPES, digest
from events import journal
from events.journal import Draft
from events.retrying import retried
from protocol.ids import to_us
from protocol.problems import Refused
from protocol.schemas import client_v1_pb2 as c

__all__ = [
    "add_client",
    "issue_key",
    "require_client",
    "require_own_reviewers",
    "revoke_key",
    "switch_reviewers",
    "time_zone_of",
]

_LONGEST_NAME = 200


@retried
def add_client(
    *, name: str, now: datetime, live: bool = True, time_zone: str = "Europe/London"
) -> tuple[str, str]:
    """Add a client with its first key, which may do everything.

    Returns:
        The client's id, and the key: shown this once, as only its hash is kept.

    Raises:
        Refused: `invalid`: the name is empty or too long, or no time zone has that name.
    """
    if not 0 < len(name.strip()) <= _LONGEST_NAME:
        raise Refused("invalid", f"a client's name has 1 to {_LONGEST_NAME} characters", field="name")
    if time_zone not in available_timezones():
        raise Refused("invalid", "time zones are named as IANA does: Europe/London", field="time_zone")
    client = f"cl_{secrets.token_hex(8)}"
    key, issued = _make_key(live=live, scopes=SCOPES, expires_at=None)
    journal.record(
        [_draft(client, c.ClientAdded(name=name, time_zone=time_zone)), _draft(client, issued)], now=now
    )
    return client, key


@retried
def issue_key(
    *,
    client: str,
    now: datetime,
    live: bool,
    scopes: Sequence[str] = SCOPES,
    expires_at: datetime | None = None,
) -> str:
    """Give a client one more key; the others stay.

    Raises:
        Refused: `not_found`: no such client; `invalid`: a scope that does not exist.
    """
    if unknown := set(scopes) - set(SCOPES):
        raise Refused("invalid", f"no scope is named {', '.join(sorted(unknown))}", field="scopes")
    with transaction.atomic():
        journal.hold(client)
        require_client(client)
        key, issued = _make_key(live=live, scopes=scopes, expires_at=expires_at)
        journal.record([_draft(client, issued)], now=now)
    return key


@retried
def revoke_key(*, client: str, key_id: str, now: datetime) -> None:
    """Refuse a key from now on; asked again, nothing more happens.

    Raises:
        Refused: `not_found`: the client has no such key.
    """
    with transaction.atomic():
        journal.hold(client)
        key = ClientKey.objects.filter(pk=key_id, client=client).first()
        if key is None:
            raise Refused("not_found", "the client has no key of that id")
        if not key.revoked_at_us:
            journal.record([_draft(client, c.KeyRevoked(key_id=key_id))], now=now)


@retried
def switch_reviewers(*, client: str, on: bool, now: datetime) -> None:
    """Let a client's own reviewers decide its cases, or no longer; asked again, nothing more happens.

    Raises:
        Refused: `not_found`: no such client.
    """
    with transaction.atomic():
        journal.hold(client)
        if require_client(client).own_reviewers != on:
            journal.record([_draft(client, c.ReviewersSwitched(on=on))], now=now)


def require_own_reviewers(client: str) -> None:
    """Refuse what a client's own reviewers would decide where they may not.

    Raises:
        Refused: `forbidden_scope`; `not_found`: no such client.
    """
    if not require_client(client).own_reviewers:
        raise Refused(
            "forbidden_scope",
            "reviewers of your own may not decide cases; whoever runs this product can switch that on",
        )


def time_zone_of(client: str) -> str:
    """Name the time zone in which a client's dates are counted.

    Raises:
        Refused: `not_found`: no such client.
    """
    return require_client(client).time_zone


def require_client(client: str) -> Client:
    """Find a client.

    Raises:
        Refused: `not_found`: there is none of that id.
    """
    found = Client.objects.filter(pk=client).first()
    if found is None:
        raise Refused("not_found", "there is no client of that id")
    return found


def _make_key(*, live: bool, scopes: Sequence[str], expires_at: datetime | None) -> tuple[str, c.KeyIssued]:
    key = f"vouch_{'live' if live else 'test'}_{secrets.token_urlsafe(32)}"
    issued = c.KeyIssued(
        key_id=f"ak_{secrets.token_hex(8)}",
        key_sha256=digest(key),
        scopes=scopes,
        live=live,
        expires_at_us=to_us(expires_at) if expires_at else 0,
    )
    return key, issued


def _draft(client: str, message: c.ClientAdded | c.KeyIssued | c.KeyRevoked | c.ReviewersSwitched) -> Draft:
    return Draft(message=message, subject=client, client=client, source="access")
