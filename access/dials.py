"""A client's dial for the licence register: whether it is waited for, and how much is approved on trust."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import transaction

from access.clients import require_client
from access.models import CaseDoor, ClientDial, Trust
from events import journal
from events.journal import Draft
from events.retrying import retried
from protocol.currencies import CURRENCIES
from protocol.ids import to_us
from protocol.problems import Refused
from protocol.schemas import client_v1_pb2 as c

__all__ = [
    "LONGEST_S",
    "SHORTEST_S",
    "Limit",
    "OnTrust",
    "RegisterDial",
    "limits_of",
    "on_trust",
    "register_dial",
    "set_register_dial",
]

# How long the register may be waited for at most (API.md), and at least: it is asked every half minute.
LONGEST_S, SHORTEST_S = 900, 120
_MONEY: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,4})?) ([A-Z]{3})")


@dataclass(frozen=True, slots=True)
class Limit:
    """How much may stand approved on trust at once in a currency, and in one case; both as they were said."""

    currency: str
    cap: str
    up_to: str = ""


@dataclass(frozen=True, slots=True)
class RegisterDial:
    """Off: the register is asked until the case's deadline. On: it is waited for, with trust up to limits.

    `wait_s`: for so many seconds, `SHORTEST_S` to `LONGEST_S`.
    """

    on: bool = False
    limits: tuple[Limit, ...] = ()
    wait_s: int = LONGEST_S


@dataclass(frozen=True, slots=True)
class OnTrust:
    """What stands approved on trust of a client, of live cases or of test ones: the sum of how many."""

    live: bool
    currency: str
    amount: Decimal
    cases: int


def register_dial(client: str) -> RegisterDial:
    """Give a client's dial as it stands; one that was never set is off."""
    row = ClientDial.objects.filter(client=client).first()
    if row is None:
        return RegisterDial()
    return RegisterDial(row.on, tuple(Limit(**limit) for limit in row.limits), row.wait_s)


@retried
def set_register_dial(*, client: str, dial: RegisterDial, now: datetime) -> RegisterDial:
    """Set a client's dial, whole; as it is already, nothing happens. Off, it has no limits.

    What waits and what is approved already stays as it was told.

    Raises:
        Refused: `not_found`: no such client; `invalid`: on without a limit, or for too short or long a time.
    """
    if not SHORTEST_S <= dial.wait_s <= LONGEST_S:
        raise Refused("invalid", f"it can be waited for {SHORTEST_S} to {LONGEST_S} seconds", field="wait_s")
    if dial.on and not dial.limits:
        raise Refused("invalid", "say how much may stand approved on trust: a cap", field="cap")
    new = dial if dial.on else RegisterDial()
    with transaction.atomic():
        journal.hold(client)
        # Only somebody there is has a dial.
        require_client(client)
        if register_dial(client) != new:
            limits = [c.TrustLimit(currency=x.currency, cap=x.cap, up_to=x.up_to) for x in new.limits]
            said = c.RegisterDialSet(on=new.on, limits=limits, wait_s=new.wait_s if new.on else 0)
            journal.record([Draft(message=said, subject=client, client=client, source="access")], now=now)
    return new


def on_trust(client: str, *, now: datetime) -> tuple[OnTrust, ...]:
    """Add up what stands approved on trust of a client at a moment; what has ended by its clock does not."""
    rows = Trust.objects.filter(client=client, released_at_us=0, until_us__gt=to_us(now))
    doors = CaseDoor.objects.filter(case__in=[row.case for row in rows])
    live = dict(doors.values_list("case", "live"))
    found: dict[tuple[bool, str], list[Decimal]] = {}
    for row in rows:
        found.setdefault((live.get(row.case, True), row.currency), []).append(Decimal(row.amount))
    # Live ones first.
    places = sorted(found, key=lambda place: (not place[0], place[1]))
    return tuple(OnTrust(*place, sum(found[place], Decimal()), len(found[place])) for place in places)


def limits_of(caps: Sequence[str], up_to: Iterable[str] = ()) -> tuple[Limit, ...]:
    """Read limits as staff write them, "500.00 GBP" each; a cap for every currency that is named.

    Raises:
        Refused: `invalid`: one is no money, or is said twice, or a limit of a case has no cap above it.
    """
    most, each = _by_currency(caps, "cap"), _by_currency(up_to, "up_to")
    for currency, amount in each.items():
        if Decimal(amount) > Decimal(most.get(currency, "0")):
            raise Refused(
                "invalid", f"a case may not go up to more {currency} than all together", field="up_to"
            )
    return tuple(Limit(currency, cap, each.get(currency, "")) for currency, cap in sorted(most.items()))


def _by_currency(said: Iterable[str], field: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in said:
        money = _MONEY.fullmatch(text)
        if money is None or money[2] not in CURRENCIES:
            raise Refused("invalid", f"{text[:30]!r} is no money; write it as '500.00 GBP'", field=field)
        if money[2] in found:
            raise Refused("invalid", f"{money[2]} is said twice", field=field)
        found[money[2]] = money[1]
    return found
