"""Where a case stands: a pure function of the set of its facts, whatever order they come in.

Each part of the state keeps the greatest fact of its kind under a total order, so that folding is
commutative, associative and idempotent: shuffled, doubled or delayed, the same facts give the same state.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from protocol.case_decisions import BY_REVIEWER, Decision, decision_of, later, read_decision
from protocol.checks import CHECK_SLOTS, CHECKS, Check, Slot, slot_of
from protocol.compact import compact
from protocol.envelope import Envelope, Event
from protocol.ids import to_us
from protocol.schemas import verification_v1_pb2 as verification

__all__ = [
    "NO_POLICY",
    "Accepted",
    "CaseState",
    "CheckAnswer",
    "Opened",
    "Waiting",
    "advance",
    "dump",
    "load",
    "restored",
]

# The policy name that says: no decision at all, the client decides from the facts.
NO_POLICY: Final = "none"
_NEVER: Final = 0


@dataclass(frozen=True, slots=True)
class Opened:
    """How the case began; `minimum_age` in years, 0: none."""

    keyseq: int
    reference: str
    live: bool
    policy: str
    minimum_age: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """The newest accepted evidence of a slot."""

    keyseq: int
    evidence_id: str
    kind: str


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """One answer to a check; `evidence_keyseq` 0: it rests on no evidence."""

    evidence_keyseq: int
    final: bool
    keyseq: int
    event_id: str
    status: str
    reasons: tuple[str, ...] = ()

    @property
    def rank(self) -> tuple[int, bool, int]:
        """The order among answers: newer evidence first, then final ones, then the later one."""
        return self.evidence_keyseq, self.final, self.keyseq


@dataclass(frozen=True, slots=True)
class Waiting:
    """A check that goes on waiting by a dial, until a moment in microseconds since 1970 UTC."""

    evidence_keyseq: int
    keyseq: int
    event_id: str
    until_us: int

    def outlasts(self, answer: CheckAnswer | None) -> bool:
        """Tell whether it runs: what was said before it of no newer evidence, and not for good, is undone."""
        if answer is None:
            return True
        earlier = (answer.evidence_keyseq, answer.keyseq) < (self.evidence_keyseq, self.keyseq)
        return earlier and not answer.final


@dataclass(frozen=True, slots=True)
class CaseState:
    """Everything the status of a case depends on; start from `CaseState()` and `advance`.

    Moments are microseconds since 1970 UTC, 0 when it did not happen. `answers` keeps, of each check, the
    best answer on evidence and the best one on none, under "check" and "check/none". `waits` has the last
    waiting of each check that ever waited. `by_policy` and `by_reviewer` are what each said last, `overruled`
    the ids of decisions that were corrected, `review_asked_keyseq` that of the last wish that a person looks,
    0: none.
    """

    opened: Opened | None = None
    evidence: Mapping[str, Accepted] = field(default_factory=dict)
    answers: Mapping[str, CheckAnswer] = field(default_factory=dict)
    by_policy: Decision | None = None
    by_reviewer: Decision | None = None
    overruled: tuple[str, ...] = ()
    review_asked_keyseq: int = 0
    submitted_at_us: int = _NEVER
    withdrawn_at_us: int = _NEVER
    expired_at_us: int = _NEVER
    settled_at_us: int = _NEVER
    waits: Mapping[str, Waiting] = field(default_factory=dict)

    @property
    def checks(self) -> dict[Check, CheckAnswer]:
        """The answers that count: those on the newest evidence of every slot their check looks at."""
        waiting = self.waiting
        found = ((check, self._counting(check)) for check in CHECKS if check not in waiting)
        return {check: answer for check, answer in found if answer is not None}

    @property
    def waiting(self) -> dict[Check, Waiting]:
        """The checks that wait by a dial on the newest evidence."""
        waited = self.waited.items()
        return {check: wait for check, wait in waited if wait.outlasts(self._counting(check))}

    @property
    def waited(self) -> dict[Check, Waiting]:
        """The checks that wait, or have waited, by a dial on the newest evidence."""
        held = ((Check(name), wait) for name, wait in self.waits.items())
        return {check: wait for check, wait in held if self.counts(check, wait.evidence_keyseq)}

    @property
    def missing(self) -> tuple[Check, ...]:
        """The checks that have not ended on the evidence there is, in the order of the table."""
        ended = self.checks
        return tuple(check for check in CHECKS if check not in ended)

    @property
    def decision(self) -> Decision | None:
        """The decision as it stands: what a reviewer said last, unless a correction names it."""
        ruled = self.by_reviewer
        return self.by_policy if ruled is None or ruled.event_id in self.overruled else ruled

    @property
    def review_asked(self) -> bool:
        """Somebody wants a person to look, and none has decided since."""
        ruled = self.by_reviewer
        return self.review_asked_keyseq > (0 if ruled is None else ruled.keyseq)

    @property
    def status(self) -> str:
        """The word for where the case stands; the first that holds of the table below."""
        return next(word for word, holds in _STATUSES if holds(self))

    def counts(self, check: str, evidence_keyseq: int) -> bool:
        """Tell whether an answer on evidence of that age still counts for a check."""
        slots, evidence = _SLOTS[check], self.evidence
        if evidence_keyseq == 0:
            return any(slot not in evidence for slot in slots)
        for slot in slots:
            newest = evidence.get(slot)
            if newest is not None and evidence_keyseq < newest.keyseq:
                return False
        return True

    def _counting(self, check: Check) -> CheckAnswer | None:
        for place in _PLACES[check]:
            answer = self.answers.get(place)
            if answer is not None and self.counts(check, answer.evidence_keyseq):
                return answer
        return None


def _in_review(state: CaseState) -> bool:
    """Tell whether it is a person's turn: after a settled refer, or where one is wanted and nothing runs."""
    decision = state.decision
    if decision is None or not decision.settled:
        return state.review_asked and not state.missing
    return state.review_asked or decision.outcome == "refer"


def _all_ended(state: CaseState) -> bool:
    return state.opened is not None and state.opened.policy == NO_POLICY and not state.missing


# The first that holds gives the status. `awaiting_applicant` and `erased` come with their events.
_STATUSES: tuple[tuple[str, Callable[[CaseState], bool]], ...] = (
    ("withdrawn", lambda s: s.withdrawn_at_us != _NEVER),
    ("in_review", _in_review),
    ("decided", lambda s: s.decision is not None and s.decision.stands),
    ("checked", _all_ended),
    ("expired", lambda s: s.expired_at_us != _NEVER and s.submitted_at_us == _NEVER),
    ("waiting", lambda s: bool(s.waiting)),
    ("open", lambda s: not s.evidence),
    ("checking", lambda _: True),
)


# By the check: the slots that it looks at, and where its answers are kept, on evidence and on none.
_SLOTS: Final[Mapping[str, frozenset[Slot]]] = {str(check): slots for check, slots in CHECK_SLOTS.items()}
_PLACES: Final = {check: (str(check), f"{check}/none") for check in CHECKS}


def advance(state: CaseState, event: Event) -> CaseState:
    """Fold one event of the case in; an event that says nothing new gives an equal state back.

    Events must carry the `keyseq` the journal gave them.
    """
    envelope = event.envelope
    if (decided := decision_of(event)) is not None:
        return _decided(state, decided, envelope.occurred_at)
    match event.message:
        case verification.CaseOpened() as said:
            return _opened(state, envelope, said)
        case verification.EvidenceReceived() as said:
            return _received(state, envelope, said)
        case verification.CheckCompleted() as said:
            return _answered(state, envelope, said)
        case verification.WaitingBegan() as said:
            return _waits(state, envelope, said)
        case _:
            return _turn(state, event)


def _opened(state: CaseState, envelope: Envelope, said: verification.CaseOpened) -> CaseState:
    if state.opened is not None and state.opened.keyseq <= envelope.keyseq:
        return state
    opened = Opened(envelope.keyseq, said.reference, said.live, said.policy_name, said.minimum_age)
    return replace(state, opened=opened)


def _received(state: CaseState, envelope: Envelope, said: verification.EvidenceReceived) -> CaseState:
    slot = slot_of(said.evidence_kind).value
    held = state.evidence.get(slot)
    if held is not None and held.keyseq >= envelope.keyseq:
        return state
    new = Accepted(envelope.keyseq, said.evidence_id, said.evidence_kind)
    return replace(state, evidence={**state.evidence, slot: new})


def _answered(state: CaseState, envelope: Envelope, said: verification.CheckCompleted) -> CaseState:
    answer = CheckAnswer(
        evidence_keyseq=said.evidence_keyseq,
        final=said.final,
        keyseq=envelope.keyseq,
        event_id=str(envelope.id),
        status=said.status,
        reasons=tuple(reason.code for reason in said.reasons),
    )
    place = said.check if answer.evidence_keyseq else f"{said.check}/none"
    held = state.answers.get(place)
    if held is not None and held.rank >= answer.rank:
        return state
    return replace(state, answers={**state.answers, place: answer})


def _waits(state: CaseState, envelope: Envelope, said: verification.WaitingBegan) -> CaseState:
    wait = Waiting(said.evidence_keyseq, envelope.keyseq, str(envelope.id), said.until_us)
    held = state.waits.get(said.check)
    if held is not None and (held.evidence_keyseq, held.keyseq) >= (wait.evidence_keyseq, wait.keyseq):
        return state
    return replace(state, waits={**state.waits, said.check: wait})


def _decided(state: CaseState, said: Decision, occurred_at: datetime) -> CaseState:
    settled_at_us = state.settled_at_us
    if said.settled:
        settled_at_us = _earliest(settled_at_us, to_us(occurred_at))
    overruled = tuple(sorted({*state.overruled, said.corrects} - {""}))
    known = replace(state, settled_at_us=settled_at_us, overruled=overruled)
    if said.by == BY_REVIEWER:
        return replace(known, by_reviewer=later(state.by_reviewer, said))
    return replace(known, by_policy=later(state.by_policy, said))


def _turn(state: CaseState, event: Event) -> CaseState:
    """Note when the case was first submitted, withdrawn or expired, and when a person was last wished for."""
    at_us = to_us(event.envelope.occurred_at)
    match event.message:
        case verification.CaseSubmitted():
            return replace(state, submitted_at_us=_earliest(state.submitted_at_us, at_us))
        case verification.CaseWithdrawn():
            return replace(state, withdrawn_at_us=_earliest(state.withdrawn_at_us, at_us))
        case verification.CaseExpired():
            return replace(state, expired_at_us=_earliest(state.expired_at_us, at_us))
        case verification.ReviewRequested():
            keyseq = max(state.review_asked_keyseq, event.envelope.keyseq)
            return replace(state, review_asked_keyseq=keyseq)
        case _:
            return state


def _earliest(held_us: int, said_us: int) -> int:
    return said_us if held_us == _NEVER else min(held_us, said_us)


def dump(state: CaseState) -> bytes:
    """Write a state as JSON, for a table of one's own; equal states give equal bytes."""
    return compact(state)


def load(data: bytes) -> CaseState:
    """Read back what `dump` wrote."""
    return restored(json.loads(data))


def restored(members: Mapping[str, Any]) -> CaseState:
    """Make a state of the members of the JSON object that it was written as."""
    found = dict(members)
    opened = found.pop("opened")
    # Called `decision` in rows that were written before reviewers could decide.
    by_policy = found.pop("by_policy", None) or found.pop("decision", None)
    return CaseState(
        opened=opened and Opened(**opened),
        evidence={slot: Accepted(**held) for slot, held in found.pop("evidence").items()},
        answers={
            place: CheckAnswer(**{**held, "reasons": tuple(held["reasons"])})
            for place, held in found.pop("answers").items()
        },
        by_policy=read_decision(by_policy),
        by_reviewer=read_decision(found.pop("by_reviewer", None)),
        overruled=tuple(found.pop("overruled", ())),
        # States that were written before checks could wait have none.
        waits={check: Waiting(**held) for check, held in found.pop("waits", {}).items()},
        **found,
    )
