"""What a handler does to the outside world: once, or visibly unknown.

LETTER = Effect("notifications.letter", Doubt.HOLD)

def gather(event, ctx):  return LETTER.asked(event, ctx)    # committed before the work begins
def work(call):          return post(call.key)              # the key goes along with the request
def apply(event, value, ctx):
    if value is not None:
        LETTER.answered(event, str(value), ctx)             # commits with the checkpoint

Whoever dies between the two has perhaps posted the letter and perhaps not. No code can know: the effect's
`Doubt` says what is done about it, and until then it is listed (`unsettled`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from protocol.envelope import Event
from protocol.ids import caused_id, from_us, to_us
from subscriber.context import Context
from subscriber.store import Store

__all__ = ["Call", "Doubt", "Effect", "Unsettled", "make_effects", "settle", "unsettled"]

_TABLE: Final = """
    CREATE TABLE IF NOT EXISTS subscriber_effect (
        key TEXT PRIMARY KEY, effect TEXT NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL,
        times INTEGER NOT NULL, asked_us INTEGER NOT NULL, answer TEXT NOT NULL
    )
"""
_ASKED, _UNKNOWN, _ANSWERED = "asked", "unknown", "answered"


class Doubt(StrEnum):
    """What is done about an effect that was asked for and not answered.

    `RESEND`: ask again with the same idempotency key, where the other side knows such keys or only looks
    something up. `HOLD`: leave it to people, who find out and say so (`settle`).
    """

    RESEND = "resend"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Call:
    """Leave to act: the idempotency key, the same however often it is asked, and how often that was."""

    key: str
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """An effect without an answer: under way now, or, when `held`, unknown until somebody settles it."""

    key: str
    effect: str
    subject: str
    times: int
    asked_at: datetime
    held: bool


@dataclass(frozen=True, slots=True)
class Effect:
    """One kind of effect, at most one for each event. `name` never changes: keys are made of it."""

    name: str
    doubt: Doubt

    def asked(self, event: Event, ctx: Context) -> Call | None:
        """Note, in `gather`, that the work is about to act; None: it must not.

        None means that the effect is answered already, or that it was asked for before, nobody knows what
        became of it, and it is held for people. Work that knows its failure gives it as its value: work that
        raises has not said what it did, and counts as unknown.
        """
        key, subject = self._key(event), event.envelope.subject
        first = ctx.execute(
            "INSERT INTO subscriber_effect (key, effect, subject, state, times, asked_us, answer) "
            "VALUES (?, ?, ?, ?, 1, ?, '') ON CONFLICT (key) DO NOTHING RETURNING times",
            (key, self.name, subject, _ASKED, to_us(ctx.now)),
        )
        if first:
            return Call(key, 1)
        if self.doubt is Doubt.RESEND:
            again = ctx.execute(
                "UPDATE subscriber_effect SET times = times + 1 WHERE key = ? AND state = ? RETURNING times",
                (key, _ASKED),
            )
            return Call(key, int(again[0][0])) if again else None
        ctx.execute(
            "UPDATE subscriber_effect SET state = ? WHERE key = ? AND state = ?", (_UNKNOWN, key, _ASKED)
        )
        return None

    def answered(self, event: Event, answer: str, ctx: Context) -> None:
        """Note, in `apply`, what came of it.

        Raises:
            RuntimeError: it was never asked: mend the handler.
        """
        found = ctx.execute(
            "UPDATE subscriber_effect SET state = ?, answer = ? WHERE key = ? AND state = ? RETURNING key",
            (_ANSWERED, answer, self._key(event), _ASKED),
        )
        if not found:
            raise RuntimeError(f"{self.name} was answered for {event.envelope.id}, and not asked before")

    def _key(self, event: Event) -> str:
        return str(caused_id(event.envelope.id, self.name, 0))


def make_effects(store: Store) -> None:
    """Make the table where there is none."""
    with store.transaction():
        store.execute(_TABLE)


def unsettled(store: Store) -> list[Unsettled]:
    """List the effects without an answer, oldest first: what is under way, and what is held for people."""
    rows = store.execute(
        "SELECT key, effect, subject, times, asked_us, state FROM subscriber_effect "
        "WHERE state <> ? ORDER BY asked_us, key",
        (_ANSWERED,),
    )
    return [
        Unsettled(
            key=key,
            effect=effect,
            subject=subject,
            times=times,
            asked_at=from_us(asked_us),
            held=state == _UNKNOWN,
        )
        for key, effect, subject, times, asked_us, state in rows
    ]


def settle(store: Store, key: str, answer: str) -> None:
    """Note what people found out about a held effect, whether it had happened or they saw to it.

    Raises:
        KeyError: none is held under this key: list them anew.
    """
    with store.transaction():
        found = store.execute(
            "UPDATE subscriber_effect SET state = ?, answer = ? WHERE key = ? AND state = ? RETURNING key",
            (_ANSWERED, answer, key, _UNKNOWN),
        )
    if not found:
        raise KeyError(f"no effect is held under {key}")
