"""What the service says of a case when something is heard, and when time has passed or room has come."""

from __future__ import annotations

from dataclasses import replace

from consumers.decisions.docket import Docket, Means
from consumers.decisions.trust import Pot
from consumers.decisions.wording import decided, expired
from protocol.policies import Outcome
from protocol.schemas import decisions_v1_pb2 as decisions

__all__ = ["end_approval", "ring", "speak"]


def speak(docket: Docket, means: Means) -> Docket:
    """Say what is to be said now of a case whose newest event was heard, if anything."""
    if docket.ruled is not None:
        # A person has settled what was trusted.
        docket = _release(docket, means, docket.ruled.event_id)
    docket = docket.timed(means.policies)
    statement = docket.next(means)
    docket = _queued(docket, means.pot)
    if statement is None:
        return docket
    if docket.stated is not None and docket.reservation and statement.outcome is not Outcome.APPROVE:
        means.emit(expired(docket.stated, docket.known.policy))
    event_id = means.emit(decided(statement, docket.known.policy, docket.standing_id))
    said = docket.say(statement, event_id)
    return _reserve(said, means) if statement.on_trust else _release(said, means, event_id)


def end_approval(docket: Docket, now_us: int, means: Means) -> Docket:
    """Say that an approval ahead has ended by its clock, and what holds instead; nothing when none has."""
    if docket.stated is None or not 0 < docket.expires_at_us <= now_us:
        return docket
    ended_by = means.emit(expired(docket.stated, docket.known.policy))
    # Where nothing follows, as of a withdrawn case, what was said last must still not end a second time.
    over = replace(docket.stated.statement, expires_at_us=0, on_trust=False)
    ended = replace(
        docket.at(now_us),
        stated=replace(docket.stated, statement=over),
        reservation="",
    )
    if docket.reservation:
        means.pot.give_back()
    spoken = speak(ended, means)
    if docket.reservation:
        if spoken.stated is not None and spoken.stated is not ended.stated:
            ended_by = spoken.stated.event_id
        means.emit(decisions.TrustReleased(reservation_id=docket.reservation, decision_id=ended_by))
    return spoken


def ring(docket: Docket, at_us: int, means: Means) -> Docket:
    """Say what holds from a moment on: a deadline of the policy's has passed, or there is room."""
    return speak(docket.at(at_us), means)


def _queued(docket: Docket, pot: Pot) -> Docket:
    """Have the case called when there is room, for as long as it lacks nothing else."""
    if pot.wanted is not None:
        wished_us = docket.wished_us or docket.reached_us
        pot.wait(pot.wanted, wished_us)
        return replace(docket, wished_us=wished_us)
    if docket.wished_us:
        pot.wait_no_longer()
        return replace(docket, wished_us=0)
    return docket


def _reserve(docket: Docket, means: Means) -> Docket:
    """Say what an approval on trust takes, once for as long as it stands."""
    if docket.stated is None or docket.reservation:
        return docket
    amount, currency = docket.known.stake
    reserved = decisions.TrustReserved(
        decision_id=docket.stated.event_id,
        amount=amount,
        currency=currency,
        until_us=docket.expires_at_us,
    )
    return replace(docket, reservation=means.emit(reserved))


def _release(docket: Docket, means: Means, decision_id: str) -> Docket:
    """Say that what was taken is free, once something else has been said."""
    if not docket.reservation:
        return docket
    means.pot.give_back()
    means.emit(decisions.TrustReleased(reservation_id=docket.reservation, decision_id=decision_id))
    return replace(docket, reservation="")
