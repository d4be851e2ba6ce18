"""Histories of a case, as events in order or not, and what the service says of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, reduce
from pathlib import Path
from uuid import UUID

from google.protobuf.message import Message

from consumers.decisions import trust
from consumers.decisions.docket import Docket, Means, Policies, dump, load
from consumers.decisions.speaking import end_approval, ring, speak
from consumers.decisions.trust import Pot
from protocol.case_state import CaseState, advance
from protocol.catalogue import stream_of, type_name
from protocol.checks import CHECKS
from protocol.envelope import Envelope, Event
from protocol.ids import to_us
from protocol.policies import CompiledPolicy, Policy, PolicyRef, policy_of
from protocol.schemas import decisions_v1_pb2 as decisions
from protocol.schemas import verification_v1_pb2 as verification
from protocol.schemas.journal_v1_pb2 import Record
from subscriber import SqliteStore, Store

__all__ = [
    "START",
    "Teller",
    "always",
    "but_register",
    "check",
    "checks",
    "concluded",
    "evidence",
    "line",
    "number",
    "opening",
    "short",
    "standing",
    "tell",
    "waiting",
]

START = datetime(2026, 1, 2, tzinfo=UTC)
CASE, CLIENT = "case", "cl_0000000000000001"
_KINDS = {"front": "document_front", "face": "face_video"}


def number(
    message: Message, keyseq: int, *, at_s: float | None = None, case: str = CASE, applicant: str = "a"
) -> Event:
    """Make an event of a message: its keyseq is also its id and, unless told otherwise, its second."""
    moment_us = to_us(START + timedelta(seconds=keyseq if at_s is None else at_s))
    name = type_name(message)
    record = Record(
        id=UUID(int=keyseq).bytes,
        type=name,
        source="verification",
        subject=case,
        client=CLIENT,
        applicant=applicant,
        occurred_at_us=moment_us,
        recorded_at_us=moment_us,
        sequenced_at_us=moment_us,
        stream=stream_of(name).name,
        partition_key=case,
        keyseq=keyseq,
    )
    return Event(Envelope(record), message)


def line(*messages: Message, start: int = 1) -> list[Event]:
    """Number messages in order, one a second."""
    return [number(message, keyseq) for keyseq, message in enumerate(messages, start)]


def opening(policy: str, *, minimum_age: int = 0, token_s: int = 1800, stake: str = "20.00") -> list[Message]:
    """Open a case under version 1 of a policy, with its token."""
    version = 0 if policy == "none" else 1
    opened = verification.CaseOpened(
        policy_name=policy,
        policy_version=version,
        minimum_age=minimum_age,
        live=True,
        stake=verification.Money(amount=stake, currency="GBP"),
    )
    ends_us = to_us(START + timedelta(seconds=token_s))
    return [opened, verification.CaptureTokenIssued(expires_at_us=ends_us)]


def evidence(slot: str) -> verification.EvidenceReceived:
    """Hand in a front or a face."""
    return verification.EvidenceReceived(evidence_id=f"{slot}", evidence_kind=_KINDS[slot])


def check(name: str, status: str, *, on: int, final: bool = True) -> verification.CheckCompleted:
    """End a check, on evidence of that keyseq."""
    return verification.CheckCompleted(check=name, status=status, evidence_keyseq=on, final=final)


def waiting(*, on: int, until_s: float) -> verification.WaitingBegan:
    """Have the register waited for by the client's dial, until so many seconds after the start."""
    until_us = to_us(START + timedelta(seconds=until_s))
    return verification.WaitingBegan(
        check="register",
        dependency="licence_register",
        evidence_keyseq=on,
        until_us=until_us,
        fallback="unavailable",
    )


def but_register(*, on: int, **other: str) -> list[verification.CheckCompleted]:
    """End all checks but the register's."""
    return [answer for answer in checks(on=on, **other) if answer.check != "register"]


def checks(*, on: int, **other: str) -> list[verification.CheckCompleted]:
    """End all nine checks clear, but for those named otherwise."""
    return [check(name.value, other.get(name.value, "clear"), on=on) for name in CHECKS]


def concluded(outcome: str) -> verification.ReviewConcluded:
    """Decide as a person."""
    return verification.ReviewConcluded(by="client", reviewer_id="ak_1", outcome=outcome)


def standing(events: Iterable[Event], said: Iterable[Message]) -> tuple[str, str]:
    """Tell how a case stands by its events and what the service said after them: the outcome, and whose."""
    words = [number(message, 1_000 + place) for place, message in enumerate(said)]
    decision = reduce(advance, [*events, *words], CaseState()).decision
    return ("", "") if decision is None else (decision.outcome, decision.by)


@cache
def shipped(_client: str, ref: PolicyRef) -> CompiledPolicy:
    """Find a policy that every client has."""
    return CompiledPolicy(policy_of(ref))


def always(policy: Policy) -> Policies:
    """Find this policy for whatever is asked."""
    ready = CompiledPolicy(policy)
    return lambda _client, _ref: ready


def _rows() -> Store:
    store = SqliteStore(Path(":memory:"))
    trust.prepare(store)
    return store


@dataclass
class Teller:
    """The service on one case, its memory written out and read back after each event.

    The clock goes with the events, or is at `late_us` all the time.
    """

    docket: Docket = field(default_factory=Docket)
    said: list[Message] = field(default_factory=list)
    store: Store = field(default_factory=_rows)
    late_us: int = 0
    called: list[str] = field(default_factory=list)
    policies: Policies = shipped

    def emit(self, message: Message) -> str:
        """Keep what is said; its id is its place."""
        self.said.append(message)
        return f"decision-{len(self.said)}"

    def means(self, at_us: int) -> Means:
        """Give what the case is decided with at a moment."""
        pot = Pot(self.store.execute, CASE, self.late_us or at_us, self.called.append)
        return Means(self.emit, self.policies, pot)

    def set_dial(self, cap: str, up_to: str = "") -> None:
        """Have the client's dial on, with a limit in pounds."""
        self.store.execute("DELETE FROM trust_limits")
        self.store.execute("INSERT INTO trust_limits VALUES (?, 'GBP', ?, ?)", (CLIENT, cap, up_to))

    def hear(self, event: Event) -> None:
        """Take an event as the service does."""
        at_us = to_us(event.envelope.occurred_at)
        trust.note_outage(event, self.store.execute)
        due = end_approval(self.docket, at_us, self.means(at_us))
        self.docket = load(dump(speak(due.hear(event), self.means(at_us))))

    def pass_time(self, seconds: float) -> None:
        """Let the clock reach so many seconds after the start."""
        moment_us = to_us(START + timedelta(seconds=seconds))
        deadline_us = self.docket.deadline_us
        if self.docket.reached_us < deadline_us <= moment_us:
            self.docket = ring(self.docket, deadline_us, self.means(deadline_us))
        self.docket = end_approval(self.docket, moment_us, self.means(moment_us))

    @property
    def words(self) -> list[str]:
        """What was said, in short: outcome, state, and a + where something is still missing."""
        return [short(message) for message in self.said]


def tell(events: Iterable[Event]) -> Teller:
    """Let the service hear events, in the order given."""
    teller = Teller()
    for event in events:
        teller.hear(event)
    return teller


def short(message: Message) -> str:
    """Say a decision in short."""
    match message:
        case decisions.DecisionReached():
            return f"{message.outcome} {message.state}{'+' if message.missing else ''}"
        case decisions.DecisionCorrected():
            return f"{message.outcome} corrected{'+' if message.missing else ''}"
        case decisions.TrustReserved():
            return f"reserved {message.amount}"
        case decisions.TrustReleased():
            return "released"
        case _:
            return "expired"
