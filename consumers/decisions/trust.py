"""Approvals on trust: how much of a client's cap they take, and one for an applicant and outage.

Amounts are kept as they were said and added up exactly. A client's row is held while its sum is looked at, so
that processes that share the work never go beyond a cap together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from google.protobuf.message import Message

from protocol.checks import Check
from protocol.envelope import Event
from protocol.ids import to_us
from protocol.schemas import client_v1_pb2 as client
from protocol.schemas import fraud_v1_pb2 as fraud
from protocol.schemas import verification_v1_pb2 as verification
from subscriber import Context, Row, Store, Value

__all__ = [
    "FOLLOWED",
    "Exposure",
    "Pot",
    "Wish",
    "exposures",
    "note_dial",
    "note_outage",
    "prepare",
    "reused",
]

FOLLOWED: tuple[type[Message], ...] = (client.RegisterDialSet,)
# What only a register that has answered can say.
_ANSWERS: Final = frozenset({"clear", "caution", "suspected", "rejected"})
# Findings of fraud that say: somebody else was verified by the same document, face or file.
_REUSED: Final = frozenset(
    {
        *("same_clip", "same_picture", "same_document", "same_face", "same_person_again"),
        *("same_face_other_document", "same_document_other_face"),
    }
)
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
    """CREATE TABLE IF NOT EXISTS trust_outages (check_name TEXT PRIMARY KEY, since_us BIGINT NOT NULL)""",
)

Execute = Callable[[str, Sequence[Value]], list[Row]]


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


@dataclass(frozen=True, slots=True)
class Exposure:
    """What stands on trust of a client in a currency: the sum, of how many cases; `cap` empty: none now."""

    client: str
    live: bool
    currency: str
    amount: Decimal
    cases: int
    cap: str


def prepare(store: Store) -> None:
    """Make the tables where there are none; inside a transaction."""
    for table in _TABLES:
        store.execute(table)


def note_dial(event: Event, _value: object, ctx: Context) -> None:
    """Keep a client's limits; off, there are none."""
    match event.message:
        case client.RegisterDialSet() as said:
            owner = event.envelope.client
            ctx.execute("DELETE FROM trust_limits WHERE client = ?", (owner,))
            for limit in said.limits if said.on else ():
                ctx.execute(
                    "INSERT INTO trust_limits (client, currency, cap, up_to) VALUES (?, ?, ?, ?)",
                    (owner, limit.currency, limit.cap, limit.up_to),
                )


def note_outage(event: Event, execute: Execute) -> None:
    """Keep since when what is waited for is away: from the first waiting to the next answer to anybody."""
    at_us = to_us(event.envelope.occurred_at)
    match event.message:
        case verification.WaitingBegan() as said:
            execute(
                "INSERT INTO trust_outages (check_name, since_us) VALUES (?, ?) "
                "ON CONFLICT (check_name) DO NOTHING",
                (said.check, at_us),
            )
        case verification.CheckCompleted(check=Check.REGISTER) as said if said.status in _ANSWERS:
            execute("DELETE FROM trust_outages WHERE check_name = ? AND since_us < ?", (said.check, at_us))


def reused(said: fraud.FraudScored) -> bool:
    """Tell whether what a case handed in was used before, or is again: then nothing is approved on trust."""
    return any(finding.code in _REUSED for finding in said.findings)


class Pot:
    """What one case may take, and gives back, at a moment of the clock in microseconds since 1970 UTC."""

    def __init__(self, execute: Execute, case: str, clock_us: int) -> None:
        self._execute, self._case, self.clock_us = execute, case, clock_us

    def take(self, wish: Wish) -> bool:
        """Take a stake out of the client's cap; false: there is no room for it, or the applicant had one."""
        limits = self._execute(
            "SELECT cap, up_to FROM trust_limits WHERE client = ? AND currency = ?",
            (wish.client, wish.currency),
        )
        if not limits:
            return False
        ((cap, up_to),) = limits
        self._hold(wish)
        stake, known_us = Decimal(wish.amount), self._outage_us(wish)
        # Somebody was answered meanwhile, and this case waits still: its own waiting is the outage.
        outage_us = wish.until_us if known_us is None else known_us
        if stake > Decimal(up_to or cap) or self._had_one(wish, known_us):
            return False
        if self._standing(wish) + stake > Decimal(cap):
            return False
        self._execute(
            "INSERT INTO trust (case_id, outage_us, client, live, applicant, amount, currency, until_us, "
            "stands) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)",
            (
                *(self._case, outage_us, wish.client, int(wish.live), wish.applicant),
                *(wish.amount, wish.currency, wish.until_us),
            ),
        )
        return True

    def give_back(self) -> None:
        """Let what the case took stand no longer."""
        self._execute("UPDATE trust SET stands = 0 WHERE case_id = ? AND stands = 1", (self._case,))

    def _hold(self, wish: Wish) -> None:
        """Keep everybody else from taking of the same client until this transaction ends."""
        self._execute(
            "INSERT INTO trust_pots (client, live, looks) VALUES (?, ?, 1) "
            "ON CONFLICT (client, live) DO UPDATE SET looks = trust_pots.looks + 1",
            (wish.client, int(wish.live)),
        )

    def _outage_us(self, wish: Wish) -> int | None:
        rows = self._execute("SELECT since_us FROM trust_outages WHERE check_name = ?", (wish.check,))
        return int(rows[0][0]) if rows else None

    def _had_one(self, wish: Wish, outage_us: int | None) -> bool:
        """Tell whether the applicant had trust in this outage; in none that is known, of late."""
        asked = (
            "SELECT 1 FROM trust WHERE applicant = ? AND (outage_us = ? OR (? = 1 AND until_us > ?)) LIMIT 1"
        )
        unknown = int(outage_us is None)
        return bool(self._execute(asked, (wish.applicant, outage_us or 0, unknown, self.clock_us)))

    def _standing(self, wish: Wish) -> Decimal:
        rows = self._execute(
            "SELECT amount FROM trust WHERE stands = 1 AND client = ? AND live = ? AND currency = ? "
            "AND until_us > ?",
            (wish.client, int(wish.live), wish.currency, self.clock_us),
        )
        return sum((Decimal(str(amount)) for (amount,) in rows), Decimal())


def exposures(execute: Execute, now_us: int) -> Iterator[Exposure]:
    """List what stands on trust at a moment, and every cap, by client, live and test, and currency."""
    caps = {
        (str(owner), str(currency)): str(cap)
        for owner, currency, cap in execute("SELECT client, currency, cap FROM trust_limits", ())
    }
    stand: dict[tuple[str, bool, str], list[Decimal]] = {(owner, True, cur): [] for owner, cur in caps}
    for owner, live, currency, amount in execute(
        "SELECT client, live, currency, amount FROM trust WHERE stands = 1 AND until_us > ?", (now_us,)
    ):
        stand.setdefault((str(owner), bool(live), str(currency)), []).append(Decimal(str(amount)))
    for (owner, live, currency), amounts in sorted(stand.items()):
        cap = caps.get((owner, currency), "")
        yield Exposure(owner, live, currency, sum(amounts, Decimal()), len(amounts), cap)
