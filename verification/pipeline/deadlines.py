"""The case's clock: what still runs 15 s after submit is over, and what is never submitted expires.

What waits by a dial has until the dial's end.
"""

from __future__ import annotations

from datetime import timedelta

from protocol.envelope import Event
from protocol.ids import from_us
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Context, Handler, Subscriber, Timer
from verification.cases import expire, pass_deadline

__all__ = ["DEADLINE", "subscriber"]

# From submit to the moment at which what still runs is answered by its absence (DESIGN §5).
DEADLINE = timedelta(seconds=15)


def _submitted(event: Event, _value: object, ctx: Context) -> None:
    ctx.remind(event.envelope.occurred_at + DEADLINE, "deadline", event.envelope.subject)


def _token_issued(event: Event, _value: object, ctx: Context) -> None:
    """Look again when the newest token ends; a newer one moves the moment."""
    if isinstance(event.message, v.CaptureTokenIssued):
        ctx.remind(from_us(event.message.expires_at_us), "expiry", event.envelope.subject)


def _ring(timer: Timer, ctx: Context) -> None:
    if timer.name == "deadline":
        again = pass_deadline(timer.key, now=ctx.now)
        if again is not None:
            ctx.remind(again, "deadline", timer.key)
    else:
        expire(timer.key, now=ctx.now)


def subscriber() -> Subscriber:
    """Make the subscriber that keeps every case's clock."""
    return Subscriber(
        name="deadlines",
        streams=("verification.case",),
        handlers=(
            Handler(types=(v.CaseSubmitted,), apply=_submitted),
            Handler(types=(v.CaptureTokenIssued,), apply=_token_issued),
        ),
        on_timer=_ring,
    )
