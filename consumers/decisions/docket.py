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
from consumers.decisions.people import later_doubts
from consumers.decisions.statements import Stated, Statement, next_statement
from consumers.decisions.trust import Pot, Wish, reused
from consumers.decisions.wording import decided, expired
from protocol.case_decisions import Decision
from protocol.compact import compact
from protocol.envelope import Event
from protocol.ids import to_us
from protocol.policies import NO_DECISION, CompiledPolicy, Outcome, PolicyRef
from protocol.schemas import decisions_v1_pb2 as decisions
from protocol.schemas import fraud_v1_pb2 as fraud

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
    `overruled`: id of the last decision of a person's that was corrected; empty: none. `reservation`: id of
    the event that reserved trust for what was said; empty: none stands. `reused`: what was handed in was
    used before, or is again, as fraud said last.
    """

    known: CaseFacts = field(default_factory=CaseFacts)
    stated: Stated | None = None
    reached_us: int = 0
    overruled: str = ""
    reservation: str = ""
    reused: bool = False

    @property
    def ruled(self) -> Decision | None:
        """What a person decided, while it holds: but for its correction the service says nothing more."""
        said = self.known.state.by_reviewer
        return None if said is None or said.event_id == self.overruled else said

    @property
    def standing_id(self) -> str:
        """Give the id of the decision that stands; empty: there is none."""
        standing = self.ruled or self.stated
        return "" if standing is None else standing.event_id

    def hear(self, event: Event) -> Docket:
        """Take one event of the case in."""
        reached_us = max(self.reached_us, to_us(event.envelope.occurred_at))
        if isinstance(event.message, fraud.FraudScored):
            return replace(self, reused=reused(event.message), reached_us=reached_us)
        return replace(self, known=facts.fold(self.known, event), reached_us=reached_us)

    def next(self, means: Means) -> Statement | None:
        """Decide what to say now; None: nothing. Raises what finding the case's policy does."""
        if self._nobody_asks():
            return None
        found, ends_us = self.known.facts, self.known.token_ends_us
        may_approve_ahead = ends_us == 0 or ends_us > self.reached_us
        policy = means.policies(self.known.client, self.known.policy)
        if self.ruled is not None:
            return self._against(self.ruled, policy)

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

        For want of room, or of trust, it is a refer that says what is waited for; out of time it is nothing.
        """
        until_us = answer.on_trust_until_us
        stated = self.stated
        stands = stated is not None and stated.statement.on_trust
        if until_us == 0 or (stands and not self.reused):
            return lambda it: it
        over = until_us <= max(self.reached_us, pot.clock_us)
        if over or (stated is not None and stated.stands):
            return lambda it: replace(it, outcome=None, because=(), on_trust_until_us=0)
        if not self.reused and pot.take(self._wish(until_us)):
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

    def _against(self, ruled: Decision, policy: CompiledPolicy) -> Statement | None:
        """Leave an approval that is doubted since to another person."""
        doubts = later_doubts(ruled, self.known.state)
        if not doubts:
            return None
        left = evaluate(policy, self.known.facts, may_approve_ahead=False, why=False)
        return Statement(outcome=Outcome.REFER, state="corrected", missing=left.missing, because=doubts)

    def _nobody_asks(self) -> bool:
        """Tell whether the case wants no decision: none was asked for, or it ended before one stood."""
        decided = self.ruled or self.stated
        undecided = decided is None or not decided.stands
        unasked = not self.known.client or self.known.policy == NO_DECISION
        return unasked or (self.known.closed and undecided)

    def say(self, statement: Statement, event_id: str) -> Docket:
        """Remember what was said, and under which event id."""
        final = statement.outcome is Outcome.APPROVE and statement.state != "provisional"
        ruled = self.ruled
        approved = final or ruled is not None or (self.stated is not None and self.stated.approved)
        stated = Stated(event_id=event_id, statement=statement, approved=approved)
        return replace(self, stated=stated, overruled=self.overruled if ruled is None else ruled.event_id)

    @property
    def expires_at_us(self) -> int:
        """When what was said last ends by itself, microseconds since 1970 UTC; 0: never."""
        return 0 if self.stated is None or self.ruled is not None else self.stated.statement.expires_at_us


def speak(docket: Docket, means: Means) -> Docket:
    """Say what is to be said now of a case whose newest event was heard, if anything."""
    if docket.ruled is not None:
        # A person has settled what was trusted.
        docket = _release(docket, means, docket.ruled.event_id)
    statement = docket.next(means)
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


def _release(docket: Docket, means: Means, decision_id: str) -> Docket:
    """Say that what was taken is free, once something else has been said."""
    if not docket.reservation:
        return docket
    means.pot.give_back()
    means.emit(decisions.TrustReleased(reservation_id=docket.reservation, decision_id=decision_id))
    return replace(docket, reservation="")


def dump(docket: Docket) -> bytes:
    """Write a docket as JSON; equal dockets give equal bytes."""
    return compact(docket)


def load(data: bytes) -> Docket:
    """Read back what `dump` wrote."""
    found = json.loads(data)
    return Docket(
        known=facts.restored(_unpacked(found["known"])),
        stated=found["stated"] and _stated(found["stated"]),
        reached_us=found["reached_us"],
        # Dockets that were written before people could decide, and before there was trust, have none.
        overruled=found.get("overruled", ""),
        reservation=found.get("reservation", ""),
        reused=found.get("reused", False),
    )


def _unpacked(known: dict[str, Any] | str) -> dict[str, Any]:
    """Take the facts as they are, or as rows of an earlier version have them: as text within text."""
    if isinstance(known, str):
        found: dict[str, Any] = json.loads(known)
        return {**found, "state": json.loads(found["state"])}
    return known


def _stated(said: dict[str, Any]) -> Stated:
    words = said["statement"]
    lists = {name: tuple(words[name]) for name in ("missing", "because")}
    statement = Statement(**{**words, **lists, "outcome": Outcome(words["outcome"])})
    return Stated(**{**said, "statement": statement})
