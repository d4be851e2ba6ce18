"""The case's clock: what still runs 15 s after submit is over, and what is never submitted expires.

What waits by a dial has until the dial's end.
"""

from __future__ import annotations

from protocol.envelope import Event
from protocol.ids import from_us
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Context, Handler, Subscriber, Timer
from verification.cases import expire, pass_deadline
from verification.decide import DEADLINE

__all__ = ["subscriber"]


def _submitted(event: Event, _value: object, ctx: Context) -> None:
    ctx.remind(event.envelope.occurred_at + DEADLINE, "deadline", event.envelope.subject)


def _token_issued(event: Event, _value: object, ctx: Context) -> None:
    """Look again when the newest token ends; a newer one moves the moment."""
    if isinstance(event.message, v.CaptureTokenIssued):
        ctx.remind(from_us(event.message.expires_at_us), "expiry", event.envelope.subject)


def _waits(event: Event, _value: object, ctx: Context) -> None:
    """Look again when a dial ends; it may have begun when the deadline was over, and undone its answer."""
    if isinstance(event.message, v.WaitingBegan):
        ctx.remind(from_us(event.message.until_us), "waiting", event.envelope.subject)


def _ring(timer: Timer, ctx: Context) -> None:
    if timer.name == "expiry":
        expire(timer.key, now=ctx.now)
        return
    again = pass_deadline(timer.key, now=ctx.now)
    if again is not None:
        ctx.remind(again, "waiting", timer.key)


def subscriber() -> Subscriber:
    """Make the subscriber that keeps every case's clock."""
    return Subscriber(
        name="deadlines",
        streams=("verification.case", "verification.partial"),
        handlers=(
            Handler(types=(v.CaseSubmitted,), apply=_submitted),
            Handler(types=(v.CaptureTokenIssued,), apply=_token_issued),
            Handler(types=(v.WaitingBegan,), apply=_waits),
        ),
        on_timer=_ring,
    )
