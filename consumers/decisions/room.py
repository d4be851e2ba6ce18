"""The room in a client's caps: what stands on trust, and which cases wait until some of it is free again.

Amounts are kept as they were said and added up exactly. A client's row is held while its sum is looked at, so
that processes that share the work never go beyond a cap together, and none waits for room that has just come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from protocol.checks import Check
from subscriber import Context, Row, Store, Value

__all__ = ["ROOM", "Call", "Execute", "Room", "Wish", "caller", "hold", "join", "leave", "prepare"]

# The timer by which a case asks again.
ROOM: Final = "room"
_TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS trust_limits (
        client TEXT NOT NULL, currency TEXT NOT NULL, cap TEXT NOT NULL, up_to TEXT NOT NULL,
        PRIMARY KEY (client, currency))""",
    """CREATE TABLE IF NOT EXISTS trust_pots (
        client TEXT NOT NULL, live BIGINT NOT NULL, looks BIGINT NOT NULL, PRIMARY KEY (client, live))""",
    """CREATE TABLE IF NOT EXISTS trust (
        case_id TEXT NOT NULL, outage_us BIGINT NOT NULL, client TEXT NOT NULL, live BIGINT NOT NULL,
        applicant TEXT NOT NULL, amount TEXT NOT NULL, currency TEXT NOT NULL, until_us BIGINT NOT NULL,
        stands BIGINT NOT NULL, PRIMARY KEY (case_id, outage_us))""",
    "CREATE INDEX IF NOT EXISTS trust_that_stands ON trust (stands, client)",
    "CREATE INDEX IF NOT EXISTS trust_of_applicant ON trust (applicant, outage_us)",
    """CREATE TABLE IF NOT EXISTS trust_wishes (
        case_id TEXT PRIMARY KEY, client TEXT NOT NULL, live BIGINT NOT NULL, amount TEXT NOT NULL,
        currency TEXT NOT NULL, wished_us BIGINT NOT NULL, until_us BIGINT NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS trust_wishes_in_order ON trust_wishes (client, live, currency, wished_us)",
)

Execute = Callable[[str, Sequence[Value]], list[Row]]
# Has a case ask again, by a turn of its own: whoever gives room may not speak for it.
Call = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A stake to be approved on trust, until a moment in microseconds since 1970 UTC."""

    client: str
    live: bool
    applicant: str
    amount: str
    currency: str
    check: Check
    until_us: int


def prepare(store: Store) -> None:
    """Make the tables where there are none; inside a transaction."""
    for table in _TABLES:
        store.execute(table)


def hold(execute: Execute, client: str, *, live: bool) -> None:
    """Keep everybody else from taking of the same client until this transaction ends."""
    execute(
        "INSERT INTO trust_pots (client, live, looks) VALUES (?, ?, 1) "
        "ON CONFLICT (client, live) DO UPDATE SET looks = trust_pots.looks + 1",
        (client, int(live)),
    )


def join(execute: Execute, case: str, wish: Wish, wished_us: int) -> None:
    """Have a case wait for room, since a moment in microseconds since 1970 UTC."""
    execute(
        "INSERT INTO trust_wishes (case_id, client, live, amount, currency, wished_us, until_us) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (case_id) DO UPDATE SET until_us = excluded.until_us",
        (case, wish.client, int(wish.live), wish.amount, wish.currency, wished_us, wish.until_us),
    )


def leave(execute: Execute, case: str) -> None:
    """Have a case wait for room no longer."""
    execute("DELETE FROM trust_wishes WHERE case_id = ?", (case,))


def caller(ctx: Context) -> Call:
    """Give what has a case ask again: by its own timer, due at the moment of what gave the room.

    So it asks before anything later is heard, also in a service that starts late.
    """
    return lambda case: ctx.remind(ctx.moment, ROOM, case)


@dataclass(frozen=True, slots=True)
class Room:
    """The room there is of a client, of its live or its test cases, at a moment of the clock.

    The client's row must be held.
    """

    execute: Execute
    client: str
    live: bool
    currency: str
    clock_us: int

    def fits(self, amount: str) -> bool:
        """Tell whether there is room for a stake."""
        left = self._left()
        return left is not None and Decimal(amount) <= min(left)

    def let_in(self, call: Call) -> None:
        """Call the cases for which there is room now, the one that has waited longest first.

        One that is too large for what is left lets those behind it pass: it would not be sooner in without.
        """
        left = self._left()
        if left is None:
            return
        free, up_to = left
        for case, stake in self._waiting():
            if stake <= min(free, up_to):
                free -= stake
                call(case)

    def _left(self) -> tuple[Decimal, Decimal] | None:
        """Tell how much of the cap is left, and how much one case may take; None: the dial is off."""
        limits = self.execute(
            "SELECT cap, up_to FROM trust_limits WHERE client = ? AND currency = ?",
            (self.client, self.currency),
        )
        if not limits:
            return None
        ((cap, up_to),) = limits
        rows = self.execute(
            "SELECT amount FROM trust WHERE stands = 1 AND client = ? AND live = ? AND currency = ? "
            "AND until_us > ?",
            (self.client, int(self.live), self.currency, self.clock_us),
        )
        standing = sum((Decimal(str(amount)) for (amount,) in rows), Decimal())
        return Decimal(str(cap)) - standing, Decimal(str(up_to or cap))

    def _waiting(self) -> Iterator[tuple[str, Decimal]]:
        rows = self.execute(
            "SELECT case_id, amount FROM trust_wishes WHERE client = ? AND live = ? AND currency = ? "
            "AND until_us > ? ORDER BY wished_us, case_id",
            (self.client, int(self.live), self.currency, self.clock_us),
        )
        for case, amount in rows:
            yield str(case), Decimal(str(amount))
