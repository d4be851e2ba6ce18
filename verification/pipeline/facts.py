"""What a step knows of a case: the newest event of each kind it needs, kept in rows of the step's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from google.protobuf.message import Message

from protocol.checks import Slot, slot_of
from protocol.envelope import Event, from_record, to_record
from protocol.schemas import verification_v1_pb2 as v
from protocol.schemas.journal_v1_pb2 import Record
from subscriber import Context

__all__ = ["TABLE", "Facts", "including", "load", "name_of", "newest", "recall", "remember"]

M = TypeVar("M", bound=Message)

TABLE = """
CREATE TABLE IF NOT EXISTS pipeline_fact (
    step TEXT NOT NULL, subject TEXT NOT NULL, name TEXT NOT NULL,
    keyseq INTEGER NOT NULL, record BLOB NOT NULL,
    PRIMARY KEY (step, subject, name)
)
"""

_PARTIALS: dict[type[Message], str] = {
    v.DocumentClassified: "classified",
    v.PictureGraded: "graded",
    v.PageRectified: "page",
    v.FieldsRead: "fields",
    v.MachineZoneRead: "zone",
    v.PortraitFound: "portrait",
    v.FaceTrackRead: "track",
}
_OF_THE_CASE: dict[type[Message], str] = {
    v.CaseOpened: "opened",
    v.CaseSubmitted: "submitted",
    v.BiometricBasisRecorded: "basis",
    v.BiometricBasisWithdrawn: "basis",
}


def name_of(event: Event) -> str:
    """Name the fact an event states: "opened", "page:front", "challenge:ID"; "" for none."""
    message = event.message
    if isinstance(message, v.ChallengeDrawn):
        return f"challenge:{message.challenge_id}"
    if isinstance(message, v.EvidenceReceived):
        return f"evidence:{slot_of(message.evidence_kind)}"
    if type(message) in _PARTIALS:
        return f"{_PARTIALS[type(message)]}:{slot_of(message.evidence_kind)}"  # type: ignore[attr-defined]  # every partial has it
    return _OF_THE_CASE.get(type(message), "")


def _rests_on(event: Event) -> tuple[Slot, int] | None:
    """Tell which evidence a fact rests on: its slot, and the keyseq by which it was received."""
    message = event.message
    if isinstance(message, v.EvidenceReceived):
        return slot_of(message.evidence_kind), event.envelope.keyseq
    if type(message) in _PARTIALS:
        return slot_of(message.evidence_kind), message.evidence_keyseq  # type: ignore[attr-defined]  # as above
    return None


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts a step has of one case, by name; facts on replaced evidence are left out."""

    events: dict[str, Event]

    def ready(self, needs: tuple[str, ...], event: Event, also: tuple[str, ...] = ()) -> bool:
        """Tell whether an event gives reason to act.

        All of `needs` must be known; the event must be one of them, or of `also`, and not overtaken by a
        newer. A basis that is withdrawn undoes no answer: it gives no reason to look again.
        """
        name = name_of(event)
        current = self.events.get(name)
        if current is None or current.envelope.id != event.envelope.id or name not in needs + also:
            return False
        withdrawn = isinstance(event.message, v.BiometricBasisWithdrawn)
        return not withdrawn and all(need in self.events for need in needs)

    def of(self, name: str, kind: type[M]) -> M:
        """Give what a needed fact says, personal fields sealed.

        Raises:
            LookupError: the fact is not known, or is of another kind: the step did not declare what it needs.
        """
        message = self.maybe(name, kind)
        if message is None:
            raise LookupError(f"no {kind.__name__} is known as {name!r}; does the step name it in its needs?")
        return message

    def maybe(self, name: str, kind: type[M]) -> M | None:
        """Give what a fact says, personal fields sealed; None when it is not known, or is of another kind."""
        event = self.events.get(name)
        return event.message if event is not None and isinstance(event.message, kind) else None

    @property
    def basis(self) -> bool:
        """Whether there is a ground for processing the applicant's face."""
        return self.maybe("basis", v.BiometricBasisRecorded) is not None

    @property
    def evidence_keyseq(self) -> int:
        """The highest keyseq among the evidence these facts rest on; 0: none."""
        rests = [_rests_on(event) for event in self.events.values()]
        return max((r[1] for r in rests if r is not None), default=0)


def load(step: str, event: Event, ctx: Context) -> Facts:
    """Read what a step knows of the event's case, the event itself included."""
    return including(_rows(step, event.envelope.subject, ctx), event)


def including(known: Mapping[str, Event], event: Event) -> Facts:
    """Give what a step knows when one more event has come; a newer one of its name still counts."""
    return Facts(_current({**known, **newest(known, event)}))


def newest(known: Mapping[str, Event], event: Event) -> dict[str, Event]:
    """Give an event under its fact's name, unless a newer one of that name is known."""
    held = known.get(name_of(event))
    overtaken = held is not None and held.envelope.keyseq > event.envelope.keyseq
    return {} if overtaken else {name_of(event): event}


def recall(step: str, subject: str, ctx: Context) -> Facts:
    """Read what a step knows of a case, where no new event is at hand."""
    return Facts(_current(_rows(step, subject, ctx)))


def _rows(step: str, subject: str, ctx: Context) -> dict[str, Event]:
    rows = ctx.execute(
        "SELECT name, record FROM pipeline_fact WHERE step = ? AND subject = ?", (step, subject)
    )
    return {str(name): from_record(Record.FromString(bytes(record))) for name, record in rows}


def _current(known: dict[str, Event]) -> dict[str, Event]:
    """Drop every fact that rests on evidence which newer evidence of its slot has replaced."""
    newest: dict[Slot, int] = {}
    for event in known.values():
        if rests := _rests_on(event):
            newest[rests[0]] = max(rests[1], newest.get(rests[0], 0))
    return {
        name: event
        for name, event in known.items()
        if (rests := _rests_on(event)) is None or rests[1] == newest[rests[0]]
    }


def remember(step: str, event: Event, ctx: Context) -> None:
    """Keep a fact in the step's own rows, unless a newer one of its name is there."""
    ctx.execute(
        "INSERT INTO pipeline_fact (step, subject, name, keyseq, record) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (step, subject, name) DO UPDATE SET keyseq = excluded.keyseq, record = excluded.record "
        "WHERE excluded.keyseq > pipeline_fact.keyseq",
        (
            step,
            event.envelope.subject,
            name_of(event),
            event.envelope.keyseq,
            to_record(event).SerializeToString(),
        ),
    )
