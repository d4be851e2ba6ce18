"""A small past: cases as steps really answered them, and everything that a re-scoring must leave as it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.db import connections
from google.protobuf.message import Message

from events import journal
from events.emitting import JournalEmitter
from events.keys import data_key
from events.source import SqlJournalSource
from events.store import DjangoStore
from protocol.catalogue import PersonalClass
from protocol.checks import Check, Grade
from protocol.otherwise import CaseAnswers
from protocol.schemas import verification_v1_pb2 as v
from subscriber import Runner
from tests.pipeline.building import NOW
from tests.pipeline.running import LooksInline
from verification.evidence_store import EvidenceStore, derived
from verification.pipeline import facts
from verification.pipeline.answers import Answer, part
from verification.pipeline.facts import Facts
from verification.pipeline.holding import held
from verification.pipeline.pixels import Held
from verification.pipeline.step import Look, Step, as_subscriber
from verification.pipeline.workers import Failed, Job
from verification.rescoring.history import Window, cases_of, past_case
from verification.rescoring.running import rescore

__all__ = [
    "CLIENT",
    "DARK",
    "LIGHT",
    "LOOK",
    "READ",
    "Inline",
    "Past",
    "broken",
    "differing",
    "everything",
    "gone_through",
    "stricter",
]

LIGHT, DARK = b"light", b"dark"
CLIENT = "cl_0000000000000000"


class Inline:
    """Does looks at once, in this process; what raises has failed."""

    def submit(self, job: Job) -> Future[object]:
        """Do a job."""
        done: Future[object] = Future()
        try:
            done.set_result(job.work(job.given))
        except Exception as error:  # noqa: BLE001 - as in a vision process: whatever it is, the step failed
            done.set_result(Failed("step_failed", type(error).__name__))
        return done


class Past:
    """Says what happened to cases, and lets steps answer as they do live."""

    def __init__(self, steps: Sequence[Step]) -> None:
        store = DjangoStore("default")
        store.execute(facts.TABLE)
        listed = [as_subscriber(step) for step in steps]
        streams = tuple(sorted({stream for one in listed for stream in one.streams}))
        emitter = JournalEmitter("verification")
        self._runner = Runner(
            listed, SqlJournalSource(streams), store, emitter, pool=LooksInline(), clock=lambda: NOW
        )

    def say(self, case: str, *messages: Message) -> None:
        """Say something of a case, and let the steps answer."""
        drafts = [
            journal.Draft(message=message, subject=case, client=CLIENT, applicant=f"applicant of {case}")
            for message in messages
        ]
        journal.record(drafts, now=NOW)
        while self._runner.step():
            pass

    def receive(self, case: str, data: bytes, kind: str = "document_front") -> str:
        """Take evidence in; gives its id."""
        evidence = str(uuid5(NAMESPACE_URL, f"{case} {kind} {hashlib.sha256(data).hexdigest()}"))
        personal = PersonalClass.BIOMETRIC if kind.startswith("face") else PersonalClass.IDENTITY
        key = data_key(f"applicant of {case}", personal, create=True)
        EvidenceStore(Path(settings.EVIDENCE_ROOT)).put(evidence, data, key)
        self.say(case, v.EvidenceReceived(evidence_id=evidence, evidence_kind=kind, size=len(data)))
        return evidence


def gone_through(steps: Sequence[Step], *, through: int | None = None) -> dict[str, CaseAnswers]:
    """Run steps over the whole past again, and give the answers by case."""
    window = Window(after=0, through=journal.head().position if through is None else through)
    past = (past_case(case, window) for case in cases_of(window))
    return {answers.case: answers for answers in rescore(past, steps, Inline(), processes=2)}


def everything() -> dict[str, str]:
    """Give a fingerprint of every table and every file of evidence."""
    tables = {
        f"{alias}.{table}": repr(sorted(map(repr, _rows(alias, table))))
        for alias in connections
        for table in connections[alias].introspection.table_names()
    }
    root = Path(settings.EVIDENCE_ROOT)
    files = {str(file): file.read_bytes().hex() for file in sorted(root.rglob("*")) if file.is_file()}
    return tables | files


def _rows(alias: str, table: str) -> list[tuple[object, ...]]:
    with connections[alias].cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}"')
        return list(cursor.fetchall())


def _prepare_look(known: Facts) -> Look:
    event, received = known.events["evidence:front"], known.of("evidence:front", v.EvidenceReceived)
    picture = held(event, received.evidence_id, PersonalClass.IDENTITY)
    keep = held(event, derived(received.evidence_id, "page"), PersonalClass.IDENTITY)
    return Look((picture, keep), received.evidence_id)


def _look(given: tuple[Held, Held]) -> str:
    """See a picture that is light or dark, and keep what was seen."""
    picture, keep = given
    keep.write(b"page of " + picture.read())
    return "uk_driving_licence" if picture.read() == LIGHT else "unknown"


def _look_stricter(given: tuple[Held, Held]) -> str:
    """See no licence anywhere."""
    _look(given)
    return "unknown"


def _look_in_vain(given: tuple[Held, Held]) -> str:
    """Be a step that breaks."""
    raise ValueError(f"{len(given)} given")


def _tell_look(known: Facts, found: object, _now: datetime) -> list[v.DocumentClassified]:
    received = known.of("evidence:front", v.EvidenceReceived)
    return [
        v.DocumentClassified(
            evidence_id=received.evidence_id,
            evidence_keyseq=known.evidence_keyseq,
            evidence_kind=received.evidence_kind,
            document_type=found if isinstance(found, str) else "unknown",
            confidence_01=0.9,
        )
    ]


def _tell_read(known: Facts, _found: object, now: datetime) -> list[Message]:
    classified = known.of("classified:front", v.DocumentClassified)
    clear = classified.document_type == "uk_driving_licence"
    graded = part("class", Grade.CLEAR) if clear else part("class", Grade.CAUTION, "unknown_document")
    graded.score = 0.9 if clear else 0.1
    return [Answer(check=Check.DOCUMENT, parts=(graded,), model="class-1").completed(known, now)]


# A step that looks at pictures and keeps something, and one that judges what the first has said.
LOOK = Step(
    name="look",
    hears=(v.EvidenceReceived,),
    says=(v.DocumentClassified,),
    needs=("evidence:front",),
    prepare=_prepare_look,
    work=_look,
    tell=_tell_look,
)
READ = Step(
    name="read",
    hears=(v.DocumentClassified,),
    says=(v.CheckCompleted,),
    answers=Check.DOCUMENT,
    needs=("classified:front",),
    tell=_tell_read,
)


def stricter() -> Step:
    """Give the first step as it is changed: it sees no licence anywhere."""
    return replace(LOOK, work=_look_stricter)


def broken() -> Step:
    """Give the first step as it is broken."""
    return replace(LOOK, work=_look_in_vain)


def differing(answers: CaseAnswers) -> Iterator[str]:
    """Name what would be otherwise, step by step."""
    yield from (f"{answer.step}: {', '.join(answer.differs)}" for answer in answers.answers if answer.differs)
