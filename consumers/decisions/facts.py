"""What the service remembers of a case: a fold of its events that does not depend on their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from consumers.decisions.known import Facts, Known, Waits
from protocol import case_state
from protocol.case_state import CaseState, CheckAnswer
from protocol.checks import Check
from protocol.envelope import Event
from protocol.policies import NO_DECISION, PolicyRef
from protocol.schemas import verification_v1_pb2 as verification

__all__ = ["CaseFacts", "fold", "restored"]

Scores = tuple[tuple[str, float], ...]
# What an age check that has ended says of the age, where no fact says it directly.
_AGE_BY_GRADE = {"clear": "yes", "rejected": "no"}


@dataclass(frozen=True, slots=True, order=True)
class Said:
    """A value seen on evidence of a certain age; the greatest of a kind counts."""

    evidence_keyseq: int
    keyseq: int
    event_id: str
    value: str


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """Everything about a case that a policy may ask; start from `CaseFacts()` and `fold`.

    `client` and `policy` are empty until the case's opening is known. `token_ends_us`: microseconds since
    1970 UTC at which the last of the case's tokens ends; 0: none is known. `scores`: what the answers
    measured, by their event's id. `applicant` and `stake`, an amount and its currency, are empty of a case
    that was opened before they were kept.
    """

    state: CaseState = field(default_factory=CaseState)
    client: str = ""
    policy: PolicyRef = NO_DECISION
    document: Said | None = None
    age: Said | None = None
    token_ends_us: int = 0
    scores: Mapping[str, Scores] = field(default_factory=dict)
    applicant: str = ""
    stake: tuple[str, str] = ("", "")

    @property
    def closed(self) -> bool:
        """Nobody waits for this case's decision any more."""
        return bool(self.state.withdrawn_at_us or self.state.expired_at_us)

    @property
    def facts(self) -> Facts:
        """The facts that count: those on the newest evidence."""
        opened, checks = self.state.opened, self.state.checks
        document = self._counting(self.document, Check.DOCUMENT)
        age = self._counting(self.age, Check.AGE)
        return Facts(
            minimum_age=0 if opened is None else opened.minimum_age,
            checks={check: self._known(answer) for check, answer in checks.items()},
            document=document or _never_told(checks.get(Check.DOCUMENT)),
            age=age or _told_by_check(checks.get(Check.AGE)),
            waited={check: Waits(w.event_id, w.until_us) for check, w in self.state.waited.items()},
        )

    def _known(self, answer: CheckAnswer) -> Known:
        return Known(answer.status, answer.event_id, self.scores.get(answer.event_id, ()))

    def _counting(self, said: Said | None, check: Check) -> Known | None:
        if said is None or not self.state.counts(check, said.evidence_keyseq):
            return None
        return Known(said.value, said.event_id)


def _never_told(ended: CheckAnswer | None) -> Known | None:
    """Read a document check that ended without a type being told as a document of no known type."""
    return None if ended is None else Known("unknown", ended.event_id)


def _told_by_check(ended: CheckAnswer | None) -> Known | None:
    return None if ended is None else Known(_AGE_BY_GRADE.get(ended.status, "unknown"), ended.event_id)


def fold(held: CaseFacts, event: Event) -> CaseFacts:
    """Take one event in; shuffled, doubled or delayed, the same events give the same facts."""
    return replace(held, state=case_state.advance(held.state, event), **_moved(held, event))


def _moved(held: CaseFacts, event: Event) -> dict[str, Any]:
    """Give what an event changes besides the state, by the field's name."""
    match event.message:
        case verification.CaseOpened() as said:
            return {
                "policy": PolicyRef(said.policy_name, said.policy_version),
                "client": event.envelope.client,
                "applicant": event.envelope.applicant,
                "stake": (said.stake.amount, said.stake.currency),
            }
        case verification.CaptureTokenIssued() as said:
            return {"token_ends_us": max(held.token_ends_us, said.expires_at_us)}
        case verification.DocumentClassified(evidence_kind="document_front") as said:
            value = said.document_type or "unknown"
            return {"document": _newest(held.document, _said(event, said.evidence_keyseq, value))}
        case verification.AgeEstablished() as said:
            seen = _said(event, said.evidence_keyseq, said.over_minimum)
            return {"age": _newest(held.age, seen)}
        case verification.CheckCompleted() as said:
            scores = tuple((part.name, part.score) for part in said.breakdown if part.HasField("score"))
            return {"scores": {**held.scores, str(event.envelope.id): scores}} if scores else {}
        case _:
            return {}


def _said(event: Event, evidence_keyseq: int, value: str) -> Said:
    return Said(evidence_keyseq, event.envelope.keyseq, str(event.envelope.id), value)


def _newest(held: Said | None, said: Said) -> Said:
    return said if held is None else max(held, said)


def restored(found: Mapping[str, Any]) -> CaseFacts:
    """Make the facts of the members of the JSON object that they were written as."""
    return CaseFacts(
        state=case_state.restored(found["state"]),
        client=found["client"],
        policy=PolicyRef(**found["policy"]),
        document=found["document"] and Said(**found["document"]),
        age=found["age"] and Said(**found["age"]),
        token_ends_us=found["token_ends_us"],
        scores={
            event_id: tuple((name, score) for name, score in held)
            for event_id, held in found.get("scores", {}).items()
        },
        applicant=found.get("applicant", ""),
        stake=tuple(found.get("stake", ("", ""))),
    )
