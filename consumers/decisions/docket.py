"""One case as the service holds it: what is known, what was said, and what is to be said next."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from google.protobuf.message import Message

from consumers.decisions import facts
from consumers.decisions.engine import evaluate
from consumers.decisions.facts import CaseFacts
from consumers.decisions.statements import Stated, Statement, next_statement
from protocol.case_state import plain
from protocol.envelope import Event
from protocol.ids import to_us
from protocol.policies import NO_DECISION, CompiledPolicy, Outcome, PolicyRef
from protocol.schemas import decisions_v1_pb2 as decisions

__all__ = ["Docket", "Emit", "Policies", "dump", "end_approval", "load", "speak"]

Emit = Callable[[Message], str]
# Finds a client's policy, made ready.
Policies = Callable[[str, PolicyRef], CompiledPolicy]


@dataclass(frozen=True, slots=True)
class Docket:
    """Start from `Docket()`; `reached_us`: the latest moment the case is known to have reached.

    That moment is counted in microseconds since 1970 UTC, from the events' own times and due timers.
    """

    known: CaseFacts = field(default_factory=CaseFacts)
    stated: Stated | None = None
    reached_us: int = 0

    def hear(self, event: Event) -> Docket:
        """Take one event of the case in."""
        reached_us = max(self.reached_us, to_us(event.envelope.occurred_at))
        return replace(self, known=facts.fold(self.known, event), reached_us=reached_us)

    def next(self, policies: Policies) -> Statement | None:
        """Decide what to say now; None: nothing. Raises what finding the case's policy does."""
        if self._nobody_asks():
            return None
        found, ends_us = self.known.facts, self.known.token_ends_us
        may_approve_ahead = ends_us == 0 or ends_us > self.reached_us
        policy = policies(self.known.client, self.known.policy)

        def said(*, why: bool) -> Statement | None:
            answer = evaluate(policy, found, may_approve_ahead=may_approve_ahead, why=why)
            return next_statement(self.stated, answer, counting=found.event_ids, token_ends_us=ends_us)

        # Most facts change nothing that is said: why it is so is only asked when something is.
        return None if said(why=False) is None else said(why=True)

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


def speak(docket: Docket, emit: Emit, policies: Policies) -> Docket:
    """Say what is to be said now, if anything.

    Args:
        docket: the case, with its newest event heard.
        emit: says a message, and gives the id of its event.
        policies: finds the case's policy.
    """
    statement = docket.next(policies)
    if statement is None:
        return docket
    return docket.say(statement, emit(_worded(docket, statement)))


def end_approval(docket: Docket, now_us: int, emit: Emit, policies: Policies) -> Docket:
    """Say that an approval ahead has ended by its clock, and what holds instead; nothing when none has."""
    if docket.stated is None or not 0 < docket.expires_at_us <= now_us:
        return docket
    emit(_expiry(docket, docket.stated))
    # Where nothing follows, as of a withdrawn case, what was said last must still not end a second time.
    ended = replace(docket.stated, statement=replace(docket.stated.statement, expires_at_us=0))
    return speak(replace(docket, stated=ended, reached_us=max(docket.reached_us, now_us)), emit, policies)


def _worded(docket: Docket, statement: Statement) -> decisions.DecisionReached | decisions.DecisionCorrected:
    policy = _policy(docket)
    if statement.state == "corrected" and docket.stated is not None:
        return decisions.DecisionCorrected(
            decision_id=docket.stated.event_id,
            outcome=statement.outcome,
            policy=policy,
            because=statement.because,
            missing=statement.missing,
        )
    return decisions.DecisionReached(
        outcome=statement.outcome,
        state=statement.state,
        policy=policy,
        because=statement.because,
        missing=statement.missing,
        expires_at_us=statement.expires_at_us,
    )


def _expiry(docket: Docket, stated: Stated) -> decisions.DecisionExpired:
    return decisions.DecisionExpired(
        decision_id=stated.event_id,
        policy=_policy(docket),
        outcome=stated.statement.outcome,
        missing=stated.statement.missing,
    )


def _policy(docket: Docket) -> decisions.PolicyVersion:
    return decisions.PolicyVersion(name=docket.known.policy.name, version=docket.known.policy.version)


def dump(docket: Docket) -> bytes:
    """Write a docket as JSON; equal dockets give equal bytes."""
    return json.dumps(docket, default=plain, sort_keys=True, separators=(",", ":")).encode()


def load(data: bytes) -> Docket:
    """Read back what `dump` wrote."""
    found = json.loads(data)
    known, said = facts.restored(_unpacked(found["known"])), found["stated"]
    if said is None:
        return Docket(known, None, found["reached_us"])
    words = said["statement"]
    lists = {name: tuple(words[name]) for name in ("missing", "because")}
    statement = Statement(**{**words, **lists, "outcome": Outcome(words["outcome"])})
    return Docket(known, Stated(**{**said, "statement": statement}), found["reached_us"])


def _unpacked(known: dict[str, Any] | str) -> dict[str, Any]:
    """Take the facts as they are, or as rows of an earlier version have them: as text within text."""
    if isinstance(known, str):
        found: dict[str, Any] = json.loads(known)
        return {**found, "state": json.loads(found["state"])}
    return known
