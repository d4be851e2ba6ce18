"""Sharing groups: clients that agreed, on a legal ground, to have their cases compared with each other's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from access.clients import require_client
from access.models import SharingMember
from events import journal
from events.journal import Draft
from events.retrying import retried
from protocol.ids import to_us
from protocol.problems import Refused
from protocol.schemas import client_v1_pb2 as c

__all__ = ["join_group", "leave_group", "members_of"]

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_LONGEST_GROUND: Final = 500


@retried
def join_group(
    *, client: str, group: str, legal_ground: str, now: datetime, until: datetime | None = None
) -> None:
    """Compare a client's cases with those of a group's other members; the same again: nothing more.

    Args:
        client: who joins.
        group: its name, a to z, digits and hyphens; the first member makes it.
        legal_ground: on which the client may share, in words.
        now: the moment.
        until: when it ends by itself; None: it does not.

    Raises:
        Refused: `not_found`: no such client; `invalid`: a name, ground or end that cannot be used.
    """
    if not _NAME.fullmatch(group):
        raise Refused("invalid", "a group's name has a to z, 0 to 9 and hyphens, 64 at most", field="group")
    if not 0 < len(legal_ground.strip()) <= _LONGEST_GROUND:
        raise Refused(
            "invalid", f"the legal ground must be said, in 1 to {_LONGEST_GROUND} characters", field="ground"
        )
    if until is not None and until <= now:
        raise Refused("invalid", "the end must lie ahead", field="until")
    until_us = to_us(until) if until else 0
    with transaction.atomic():
        journal.hold(client)
        require_client(client)
        row = _in_force(client, group)
        if row is not None and (row.legal_ground, row.until_us) == (legal_ground, until_us):
            return
        joined = c.SharingJoined(
            sharing_group=group, legal_ground=legal_ground, from_us=to_us(now), until_us=until_us
        )
        journal.record([_draft(client, joined)], now=now)


@retried
def leave_group(*, client: str, group: str, now: datetime) -> None:
    """Compare nothing of a client's in a group any more; asked again, nothing more happens.

    Raises:
        Refused: `not_found`: the client is not in that group.
    """
    with transaction.atomic():
        journal.hold(client)
        if not SharingMember.objects.filter(client=client, sharing_group=group).exists():
            raise Refused("not_found", "the client is not in a group of that name")
        if _in_force(client, group) is not None:
            journal.record([_draft(client, c.SharingLeft(sharing_group=group))], now=now)


def members_of(client: str = "") -> Sequence[SharingMember]:
    """List who is or was in which group: one client's groups, or all, by group and client."""
    rows = SharingMember.objects.order_by("sharing_group", "client")
    return list(rows.filter(client=client) if client else rows)


def _in_force(client: str, group: str) -> SharingMember | None:
    return SharingMember.objects.filter(client=client, sharing_group=group, left_at_us=0).first()


def _draft(client: str, message: c.SharingJoined | c.SharingLeft) -> Draft:
    return Draft(message=message, subject=client, client=client, source="access")
