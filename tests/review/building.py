"""Plays cases into the journal as the pipeline would, with small files in the evidence store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from google.protobuf.message import Message

from access.clients import add_client
from access.principals import Principal, authenticate
from events.keys import data_key
from protocol.catalogue import PersonalClass
from protocol.policies import PolicyRef
from protocol.schemas import verification_v1_pb2 as v
from tests.verification.files import picture
from verification import cases
from verification.decide import Opening
from verification.idempotency import request
from verification.models import Case, Evidence
from verification.receiving import evidence_store
from verification.rows import existing

__all__ = ["NOW", "OPENING", "PAGE", "PORTRAIT", "TEMPLATE", "Desk", "case_of", "company"]

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
OPENING = Opening(
    reference="order-1",
    stake=v.Money(amount="2.00", currency="GBP"),
    claimed=v.Claimed(given_names=b"Ada", family_name=b"Speci<men", email=b"ada@example.org"),
    minimum_age=18,
    policy=PolicyRef("low_stake", 1),
    basis=None,
)
PAGE, PORTRAIT, TEMPLATE = (f"01990000-0000-7000-8000-00000000000{n}" for n in (1, 2, 3))

CORNERS = (1, 2, 40, 2, 40, 60, 1, 60)
Partial = v.DocumentClassified | v.PageRectified | v.PortraitFound | v.FieldsRead


def company(name: str = "Betting Ltd", *, live: bool = True) -> Principal:
    """Add a client and give its own self."""
    _, key = add_client(name=name, now=NOW, live=live)
    return authenticate(f"Bearer {key}", now=NOW)


def case_of(asker: Principal, opening: Opening = OPENING) -> str:
    """Open a case."""
    return cases.open_case(asker, opening, once=request(opening.reference, {}), now=NOW).id


@dataclass(frozen=True, slots=True)
class Desk:
    """One case, and a folder for its files."""

    case: str
    folder: Path

    @property
    def row(self) -> Case:
        """The case's row."""
        return existing(self.case)

    def say(self, *facts: Message) -> None:
        """Record facts."""
        cases.record_facts(self.case, facts, now=NOW)

    def send(self, kind: str = "document_front", path: Path | None = None) -> Evidence:
        """Send a small picture through the real use case."""
        file = path or picture(self.folder / f"{kind}.jpg", size=(64, 48), orientation=6)
        cases.add_evidence(
            self.case, cases.Upload(path=file, kind=kind, challenge="", arrived_at=NOW), now=NOW
        )
        return Evidence.objects.filter(case=self.case).latest("keyseq")

    def cut(self, front: Evidence) -> None:
        """Keep a page and a portrait of a front, and say so as the steps do."""
        self._keep(PAGE, PersonalClass.IDENTITY)
        self._keep(PORTRAIT, PersonalClass.BIOMETRIC)
        name = v.Field(name="family_name", value=b"OTHER", confidence_01=0.5, box=_box(7, 8))
        self._say_of(front, v.DocumentClassified(confidence_01=0.9, corners_px=CORNERS))
        self._say_of(front, v.PageRectified(page_id=PAGE, width_px=1600, height_px=1010))
        self._say_of(
            front,
            v.PortraitFound(found=True, box=_box(60, 225), portrait_id=PORTRAIT, template_id=TEMPLATE),
        )
        self._say_of(front, v.FieldsRead(fields=[name]))

    def judge(self, check: str, status: str, front: Evidence, reason: v.Reason) -> None:
        """Answer a check with one part and its reason."""
        part = v.Breakdown(name=check, status=status, reasons=[reason], score=1.5)
        answer = v.CheckCompleted(check=check, status=status, breakdown=[part], reasons=[reason], final=True)
        answer.evidence_keyseq = front.keyseq
        self.say(answer)

    def _say_of(self, front: Evidence, partial: Partial) -> None:
        partial.evidence_id, partial.evidence_kind = front.id, front.kind
        partial.evidence_keyseq, partial.document_type = front.keyseq, "uk_driving_licence"
        self.say(partial)

    def _keep(self, evidence_id: str, personal: PersonalClass) -> None:
        key = data_key(self.row.applicant, personal, create=True)
        file = picture(self.folder / f"{evidence_id}.jpg", size=(32, 20))
        evidence_store().put(evidence_id, file.read_bytes(), key)


def _box(x: int, y: int) -> v.Box:
    return v.Box(x=x, y=y, width=430, height=553)
