"""Approvals on trust: how much of a client's cap they take, and one for an applicant and outage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from google.protobuf.message import Message

from consumers.decisions import room
from consumers.decisions.room import Call, Execute, Room, Wish
from protocol.checks import Check
from protocol.envelope import Event
from protocol.ids import to_us
from protocol.schemas import client_v1_pb2 as client
from protocol.schemas import fraud_v1_pb2 as fraud
from protocol.schemas import verification_v1_pb2 as verification
from subscriber import Context, Store

__all__ = [
    "FOLLOWED",
    "Exposure",
    "Pot",
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
_OUTAGES: Final = (
    "CREATE TABLE IF NOT EXISTS trust_outages (check_name TEXT PRIMARY KEY, since_us BIGINT NOT NULL)"
)


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
    room.prepare(store)
    store.execute(_OUTAGES)


def note_dial(event: Event, _value: object, ctx: Context) -> None:
    """Keep a client's limits; off, there are none. What they leave room for now is asked again."""
    match event.message:
        case client.RegisterDialSet() as said:
            owner, clock_us = event.envelope.client, to_us(ctx.now)
            for live in (False, True):
                room.hold(ctx.execute, owner, live=live)
            ctx.execute("DELETE FROM trust_limits WHERE client = ?", (owner,))
            for limit in said.limits if said.on else ():
                ctx.execute(
                    "INSERT INTO trust_limits (client, currency, cap, up_to) VALUES (?, ?, ?, ?)",
                    (owner, limit.currency, limit.cap, limit.up_to),
                )
                for live in (False, True):
                    Room(ctx.execute, owner, live, limit.currency, clock_us).let_in(room.caller(ctx))


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
    """What one case may take, and gives back, at a moment of the clock in microseconds since 1970 UTC.

    `wanted`: what it would have taken, had there been room; None: it wants nothing, or has it.
    """

    def __init__(self, execute: Execute, case: str, clock_us: int, call: Call) -> None:
        self._execute, self._case, self.clock_us, self._call = execute, case, clock_us, call
        self.wanted: Wish | None = None

    def take(self, wish: Wish) -> bool:
        """Take a stake out of the client's cap; false: there is no room for it, or the applicant had one."""
        room.hold(self._execute, wish.client, live=wish.live)
        known_us = self._outage_us(wish)
        # Somebody was answered meanwhile, and this case waits still: its own waiting is the outage.
        outage_us = wish.until_us if known_us is None else known_us
        if self._had_one(wish, known_us):
            return False
        if not Room(self._execute, wish.client, wish.live, wish.currency, self.clock_us).fits(wish.amount):
            self.wanted = wish
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
        """Let what the case took stand no longer; who waits for the room is called."""
        given = self._execute(
            "UPDATE trust SET stands = 0 WHERE case_id = ? AND stands = 1 RETURNING client, live, currency",
            (self._case,),
        )
        for owner, live, currency in given:
            room.hold(self._execute, str(owner), live=bool(live))
            Room(self._execute, str(owner), bool(live), str(currency), self.clock_us).let_in(self._call)

    def wait(self, wish: Wish, wished_us: int) -> None:
        """Have the case called when there is room, as one that has wished for it since a moment."""
        room.join(self._execute, self._case, wish, wished_us)

    def wait_no_longer(self) -> None:
        """Have the case called no more."""
        room.leave(self._execute, self._case)

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
