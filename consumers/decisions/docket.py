"""One case as the service holds it: what is known, what was said, and what is to be said next."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from google.protobuf.message import Message

from consumers.decisions import facts
from consumers.decisions.engine import Answer, evaluate
from consumers.decisions.facts import CaseFacts
from consumers.decisions.statements import Stated, Statement, next_statement
from consumers.decisions.trust import Pot, Wish
from consumers.decisions.wording import decided, expired
from protocol.case_state import plain
from protocol.envelope import Event
from protocol.ids import to_us
from protocol.policies import NO_DECISION, CompiledPolicy, Outcome, PolicyRef
from protocol.schemas import decisions_v1_pb2 as decisions

__all__ = ["Docket", "Emit", "Means", "Policies", "dump", "end_approval", "load", "speak"]

Emit = Callable[[Message], str]
# Finds a client's policy, made ready.
Policies = Callable[[str, PolicyRef], CompiledPolicy]


@dataclass(frozen=True, slots=True)
class Means:
    """What a case is decided with: `emit` says a message, and gives the id of its event."""

    emit: Emit
    policies: Policies
    pot: Pot


@dataclass(frozen=True, slots=True)
class Docket:
    """Start from `Docket()`; `reached_us`: the latest moment the case is known to have reached.

    That moment is counted in microseconds since 1970 UTC, from the events' own times and due timers.
    `reservation`: id of the event that reserved trust for what was said; empty: none stands.
    """

    known: CaseFacts = field(default_factory=CaseFacts)
    stated: Stated | None = None
    reached_us: int = 0
    reservation: str = ""

    def hear(self, event: Event) -> Docket:
        """Take one event of the case in."""
        reached_us = max(self.reached_us, to_us(event.envelope.occurred_at))
        return replace(self, known=facts.fold(self.known, event), reached_us=reached_us)

    def next(self, means: Means) -> Statement | None:
        """Decide what to say now; None: nothing. Raises what finding the case's policy does."""
        if self._nobody_asks():
            return None
        found, ends_us = self.known.facts, self.known.token_ends_us
        may_approve_ahead = ends_us == 0 or ends_us > self.reached_us
        policy = means.policies(self.known.client, self.known.policy)

        def answer(*, why: bool) -> Answer:
            return evaluate(policy, found, may_approve_ahead=may_approve_ahead, why=why)

        def said(answer: Answer) -> Statement | None:
            return next_statement(self.stated, answer, counting=found.counting, token_ends_us=ends_us)

        first = answer(why=False)
        allowed = self._allowed(first, means.pot)
        # Most facts change nothing that is said: why it is so is only asked when something is.
        return None if said(allowed(first)) is None else said(allowed(answer(why=True)))

    def _allowed(self, answer: Answer, pot: Pot) -> Callable[[Answer], Answer]:
        """Tell what becomes of an answer: an approval on trust needs time that is left, and room.

        For want of room it is a refer that says what is waited for; out of time it is nothing at all.
        """
        until_us = answer.on_trust_until_us
        stated = self.stated
        if until_us == 0 or (stated is not None and stated.statement.on_trust):
            return lambda it: it
        over = until_us <= max(self.reached_us, pot.clock_us)
        if over or (stated is not None and stated.stands):
            return lambda it: replace(it, outcome=None, because=(), on_trust_until_us=0)
        if pot.take(self._wish(until_us)):
            return lambda it: it
        return lambda it: replace(it, outcome=Outcome.REFER, on_trust_until_us=0)

    def _wish(self, until_us: int) -> Wish:
        known, (amount, currency) = self.known, self.known.stake
        opened = known.state.opened
        return Wish(
            client=known.client,
            live=opened is not None and opened.live,
            applicant=known.applicant,
            amount=amount,
            currency=currency,
            check=next(iter(known.facts.waits)),
            until_us=until_us,
        )

    def _nobody_asks(self) -> bool:
        """Tell whether the case wants no decision: none was asked for, or it ended before one stood."""
        undecided = self.stated is None or not self.stated.stands
        unasked = not self.known.client or self.known.policy == NO_DECISION
        return unasked or (self.known.closed and undecided)

    def say(self, statement: Statement, event_id: str) -> Docket:
        """Remember what was said, and under which event id."""
        final = statement.outcome is Outcome.APPROVE and statement.state != "provisional"
        approved = final or (self.stated is not None and self.stated.approved)
        return replace(self, stated=Stated(event_id=event_id, statement=statement, approved=approved))

    @property
    def expires_at_us(self) -> int:
        """When what was said last ends by itself, microseconds since 1970 UTC; 0: never."""
        return 0 if self.stated is None else self.stated.statement.expires_at_us


def speak(docket: Docket, means: Means) -> Docket:
    """Say what is to be said now of a case whose newest event was heard, if anything."""
    statement = docket.next(means)
    if statement is None:
        return docket
    if docket.stated is not None and docket.reservation and statement.outcome is not Outcome.APPROVE:
        means.emit(expired(docket.stated, docket.known.policy))
    event_id = means.emit(decided(statement, docket.known.policy, docket.stated))
    said = docket.say(statement, event_id)
    return _reserve(said, means) if statement.on_trust else _release(said, means)


def end_approval(docket: Docket, now_us: int, means: Means) -> Docket:
    """Say that an approval ahead has ended by its clock, and what holds instead; nothing when none has."""
    if docket.stated is None or not 0 < docket.expires_at_us <= now_us:
        return docket
    ended_by = means.emit(expired(docket.stated, docket.known.policy))
    # Where nothing follows, as of a withdrawn case, what was said last must still not end a second time.
    over = replace(docket.stated.statement, expires_at_us=0, on_trust=False)
    ended = replace(
        docket,
        stated=replace(docket.stated, statement=over),
        reached_us=max(docket.reached_us, now_us),
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


def _release(docket: Docket, means: Means) -> Docket:
    """Say that what was taken is free, once something else has been said."""
    if docket.stated is None or not docket.reservation:
        return docket
    means.pot.give_back()
    means.emit(decisions.TrustReleased(reservation_id=docket.reservation, decision_id=docket.stated.event_id))
    return replace(docket, reservation="")


def dump(docket: Docket) -> bytes:
    """Write a docket as JSON; equal dockets give equal bytes."""
    said = {
        "known": facts.dump(docket.known).decode(),
        "stated": docket.stated,
        "reached_us": docket.reached_us,
        "reservation": docket.reservation,
    }
    return json.dumps(said, default=plain, sort_keys=True).encode()


def load(data: bytes) -> Docket:
    """Read back what `dump` wrote."""
    found = json.loads(data)
    known, stated = facts.load(found["known"].encode()), found["stated"] and _stated(found["stated"])
    # Dockets that were written before there was trust have none reserved.
    return Docket(known, stated, found["reached_us"], found.get("reservation", ""))


def _stated(said: dict[str, Any]) -> Stated:
    words = said["statement"]
    lists = {name: tuple(words[name]) for name in ("missing", "because")}
    statement = Statement(**{**words, **lists, "outcome": Outcome(words["outcome"])})
    return Stated(**{**said, "statement": statement})
