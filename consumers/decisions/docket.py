"""One case as the service holds it: what is known, what was said, and what follows from both."""

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
from consumers.decisions.room import Wish
from consumers.decisions.statements import Stated, Statement, next_statement
from consumers.decisions.trust import Pot, reused
from protocol.case_decisions import Decision
from protocol.compact import compact
from protocol.envelope import Event
from protocol.ids import to_us
from protocol.policies import NO_DECISION, CompiledPolicy, Outcome, PolicyRef, Trust
from protocol.schemas import fraud_v1_pb2 as fraud

__all__ = ["Docket", "Emit", "Means", "Policies", "dump", "load"]

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
    used before, or is again, as fraud said last. `deadline_us`: when the policy reads what is outstanding as
    unavailable; 0: never, or not submitted. `wished_us`: since when it waits for room in the client's cap; 0:
    it does not.
    """

    known: CaseFacts = field(default_factory=CaseFacts)
    stated: Stated | None = None
    reached_us: int = 0
    overruled: str = ""
    reservation: str = ""
    reused: bool = False
    deadline_us: int = 0
    wished_us: int = 0

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

    def at(self, moment_us: int) -> Docket:
        """Let time pass to a moment, or stay where it has come to."""
        return replace(self, reached_us=max(self.reached_us, moment_us))

    def timed(self, policies: Policies) -> Docket:
        """Note the policy's own deadline, once the case is submitted; raises what finding the policy does."""
        submitted_us = self.known.state.submitted_at_us
        if submitted_us == 0 or self._nobody_asks():
            return self
        deadline_s = policies(self.known.client, self.known.policy).policy.deadline_s
        deadline_us = 0 if deadline_s is None else submitted_us + deadline_s * 1_000_000
        return self if deadline_us == self.deadline_us else replace(self, deadline_us=deadline_us)

    @property
    def stands(self) -> bool:
        """What was said last is final: only a contradiction replaces it, by a correction."""
        return self.stated is not None and self.stated.stands

    def next(self, means: Means) -> Statement | None:
        """Decide what to say now; None: nothing. Raises what finding the case's policy does."""
        if self._nobody_asks():
            return None
        found, ends_us = self.known.facts, self.known.token_ends_us
        may_approve_ahead = ends_us == 0 or ends_us > self.reached_us
        policy = means.policies(self.known.client, self.known.policy)
        if self.ruled is not None:
            return self._against(self.ruled, policy)
        # What is final is not undone by newer evidence that has not been judged yet.
        late = not self.stands and 0 < self.deadline_us <= self.reached_us

        def answer(*, why: bool) -> Answer:
            return evaluate(policy, found, may_approve_ahead=may_approve_ahead, late=late, why=why)

        def said(answer: Answer) -> Statement | None:
            return next_statement(self.stated, answer, counting=found.counting, token_ends_us=ends_us)

        first = answer(why=False)
        allowed = self._allowed(first, policy.policy.register_away, means.pot)
        # Most facts change nothing that is said: why it is so is only asked when something is.
        return None if said(allowed(first)) is None else said(allowed(answer(why=True)))

    def _allowed(self, answer: Answer, trust: Trust, pot: Pot) -> Callable[[Answer], Answer]:
        """Tell what becomes of an answer: an approval on trust needs the policy's leave, time, and room.

        For want of room, or of trust, it is a refer that says what is waited for; out of time it is nothing.
        """
        until_us = answer.on_trust_until_us
        trusted = self.stated is not None and self.stated.statement.on_trust
        if until_us == 0 or (trusted and not self.reused):
            return lambda it: it
        over = until_us <= max(self.reached_us, pot.clock_us)
        if over or self.stands:
            return lambda it: replace(it, outcome=None, because=(), on_trust_until_us=0)
        may = trust.covers(*self.known.stake) and not self.reused
        if may and pot.take(self._wish(until_us)):
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
        # Dockets that were written before people could decide, and before there was trust, have none; nor do
        # those from before a policy had a deadline, and a case waited for room.
        overruled=found.get("overruled", ""),
        reservation=found.get("reservation", ""),
        reused=found.get("reused", False),
        deadline_us=found.get("deadline_us", 0),
        wished_us=found.get("wished_us", 0),
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
