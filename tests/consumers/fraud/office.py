"""People who are verified, in the product's own journal, and the service that compares them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from uuid import UUID

import numpy as np
from django.conf import settings

from consumers.fraud.faces import DIMENSIONS, Vector
from consumers.fraud.reading import Reader
from consumers.fraud.rows import found_of
from consumers.fraud.service import SPEC, subscriber
from events.door.services import issue_service_keys
from events.journal import Draft, after
from events.keys import data_key
from protocol.catalogue import PersonalClass
from protocol.schemas import fraud_v1_pb2 as fraud
from protocol.schemas import verification_v1_pb2 as v
from subscriber import HttpDoor, HttpJournalSource, InlinePool, Outbox, Runner, Store, open_store
from subscriber.serving import Door as ServiceDoor
from tests.contracts.door import Door
from tests.events.makers import NOW
from tests.sequencing import say
from verification.evidence_store import EvidenceStore, derived

__all__ = ["LONG_AGO", "Office", "Person", "face", "near_to"]

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def face(seed: int) -> Vector:
    """Make a face: two of different seeds are about 0.85 apart, as two people's are."""
    drawn = np.random.default_rng(seed).normal(size=DIMENSIONS)
    return (0.6 * drawn / np.linalg.norm(drawn)).astype(np.float32)


def near_to(one: Vector, distance: float, seed: int = 1) -> Vector:
    """Make another picture of a face, so far from it."""
    drawn = np.random.default_rng(seed).normal(size=DIMENSIONS)
    return (one + distance * drawn / np.linalg.norm(drawn)).astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What somebody hands in for one case; what is left empty is not handed in."""

    case: int
    applicant: str
    client: str = "cl_1"
    number: str = ""
    name: str = ""
    born: str = ""
    face: Vector | None = None
    clip: bytes = b""
    picture: bytes = b""
    live: bool = True
    check_digits_ok: bool = True
    sure_01: float = 0.95

    @property
    def subject(self) -> str:
        """The case's id."""
        return str(UUID(int=self.case))

    def drafts(self) -> list[Draft]:
        """Make the events of the case, in order."""
        messages = [self._opened(), *self._pictures(), *self._fields(), *self._faces()]
        return [
            Draft(message=message, subject=self.subject, client=self.client, applicant=self.applicant)
            for message in messages
        ]

    def keep_face(self) -> None:
        """Have the face's template lie where the product keeps it."""
        if self.face is not None:
            target = BytesIO()
            np.save(target, self.face.astype(np.float64).reshape(1, -1), allow_pickle=False)
            key = data_key(self.applicant, PersonalClass.BIOMETRIC, create=True)
            place = derived(self._evidence("clip"), "template")
            EvidenceStore(Path(settings.EVIDENCE_ROOT)).put(place, target.getvalue(), key)

    def _evidence(self, what: str) -> str:
        return derived(self.subject, what)

    def _opened(self) -> v.CaseOpened:
        claimed = v.Claimed(locale="en")
        if self.name:
            given, _, family = self.name.partition(" ")
            claimed.given_names, claimed.family_name = given.encode(), family.encode()
            claimed.date_of_birth = self.born.encode()
        return v.CaseOpened(reference="r", live=self.live, claimed=claimed, time_zone="Europe/London")

    def _pictures(self) -> Iterator[v.EvidenceReceived]:
        if self.picture:
            yield v.EvidenceReceived(
                evidence_id=self._evidence("front"),
                evidence_kind="document_front",
                document_sha256=self.picture,
            )
        if self.clip or self.face is not None:
            yield v.EvidenceReceived(
                evidence_id=self._evidence("clip"),
                evidence_kind="face_video",
                face_sha256=self.clip or self.subject.encode(),
            )

    def _fields(self) -> Iterator[v.MachineZoneRead]:
        if self.number:
            field = v.Field(name="document_number", value=self.number.encode(), confidence_01=self.sure_01)
            yield v.MachineZoneRead(
                evidence_id=self._evidence("front"), fields=[field], check_digits_ok=self.check_digits_ok
            )

    def _faces(self) -> Iterator[v.FaceTrackRead]:
        if self.face is not None:
            clip = self._evidence("clip")
            yield v.FaceTrackRead(evidence_id=clip, seen=True, template_id=derived(clip, "template"))


class Office:
    """The service, run by hand until it has read all."""

    def __init__(self, door: Door, store: Store, since: datetime) -> None:
        key = issue_service_keys(["fraud"])["fraud"]
        self.store, self.home = store, HttpDoor(door.url, key)
        self.source = HttpJournalSource(door.url, key, SPEC.streams)
        outbox = Outbox(store, self.home, source="fraud")
        self.reader = Reader(lambda: ServiceDoor(door.url, key))
        described = subscriber(self.reader, since)
        self.runner = Runner([described], self.source, store, outbox, pool=InlinePool())

    @classmethod
    @contextmanager
    def at(cls, door: Door, folder: Path, since: datetime = LONG_AGO) -> Iterator[Office]:
        """Open it on a folder's file."""
        with ExitStack() as closes:
            store = closes.enter_context(closing(open_store(folder / "fraud.sqlite3")))
            SPEC.prepare(store)
            office = cls(door, store, since)
            closes.enter_context(closing(office.source))
            closes.enter_context(closing(office.home))
            closes.enter_context(closing(office.reader))
            yield office

    def hand_in(self, *people: Person, at: datetime = NOW) -> None:
        """Have people verified, and the service take it in."""
        for n, person in enumerate(people):
            person.keep_face()
            say(person.drafts(), now=at + timedelta(seconds=n))
        self.settle()

    def settle(self, within_s: float = 20) -> None:
        """Run until nothing has come for a while, and all that was said is home."""
        until_s, quiet_s = time.monotonic() + within_s, 0.0
        while quiet_s < 0.15:
            assert time.monotonic() < until_s, "the service does not come to rest"
            if self.runner.step() or self.store.execute("SELECT 1 FROM subscriber_outbox"):
                quiet_s = 0.0
            else:
                time.sleep(0.01)
                quiet_s += 0.01

    def said(self, person: Person) -> list[fraud.FraudScored]:
        """List what the journal says of a case."""
        events = after(0, streams=["fraud.score"])
        return [e.message for e in events if e.envelope.subject == person.subject]  # type: ignore[misc]  # by its stream

    def codes(self, person: Person) -> list[str]:
        """List what is found of a case now, the heaviest first."""
        return [finding.code for finding in self.found(person).findings]

    def found(self, person: Person) -> fraud.FraudScored:
        """Give what is found of a case now."""
        return found_of(self.store.execute, person.subject).scored
