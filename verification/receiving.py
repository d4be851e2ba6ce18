"""The use case of an upload: judged, kept and said in an event; or refused, with only its event."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from events import journal
from events.keys import data_key
from events.retrying import retried
from protocol.catalogue import PersonalClass
from protocol.checks import Slot, slot_of
from protocol.ids import new_uuid7
from protocol.problems import Refused
from protocol.schemas import verification_v1_pb2 as v
from verification import decide, rows
from verification.decide import Standing
from verification.evidence_store import EvidenceStore
from verification.inspection import inspect
from verification.rows import Receipt
from verification.uploads import Inspected, Refusal, size_limit

__all__ = ["Upload", "add_evidence", "class_of", "evidence_store"]

_RETRY_AFTER_S = 5
# Refusals that say nothing of the file: it is not noted that it came.
_NOT_THE_FILES = {"not_accepting", "unavailable"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file as it came: where it lies for now, what it is said to be, and when its first byte came.

    `challenge` is the one that a clip answers; of a picture it is not looked at. `device` is the random id by
    which the phone knows itself again; empty: it said none.
    """

    path: Path
    kind: str
    challenge: str
    arrived_at: datetime
    device: str = ""


def evidence_store() -> EvidenceStore:
    """Give the store of this installation."""
    return EvidenceStore(Path(settings.EVIDENCE_ROOT))


def class_of(kind: str) -> PersonalClass:
    """Tell whose key evidence of a kind lies under: documents are identity, faces biometric."""
    return PersonalClass.BIOMETRIC if slot_of(kind) is Slot.FACE else PersonalClass.IDENTITY


def add_evidence(case: str, upload: Upload, *, now: datetime) -> Receipt:
    """Accept a file into a case; the same bytes again get the same receipt.

    Raises:
        Refused: `not_accepting`, or what is wrong with the file; then only an event says that it came.
        Erased: the applicant's keys were destroyed.
        KeysAway: the key store cannot be asked now.
    """
    standing = rows.standing_of(case)
    decide.accepting(standing)
    if upload.kind != "face_video":
        # Else any picture would use up the challenge that it names.
        upload = replace(upload, challenge="")
    try:
        found, sha256 = _judge(standing, upload)
        return found if isinstance(found, Receipt) else _keep(standing, upload, found, sha256, now)
    except Refused as refused:
        if refused.code not in _NOT_THE_FILES:
            _note_refusal(case, upload.kind, refused.code, now)
        raise


def _judge(standing: Standing, upload: Upload) -> tuple[Receipt | Inspected, bytes]:
    """Look at a file: the receipt it has already, or what it is; and its SHA-256."""
    size = upload.path.stat().st_size
    if size > size_limit(upload.kind):
        raise Refused("too_large", f"the file has {size} bytes; send at most {size_limit(upload.kind)}")
    with upload.path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").digest()
    if known := rows.same_bytes(standing.case, sha256, size):
        return known, sha256
    _judge_clip(standing.case, upload)
    found = inspect(upload.path, upload.kind)
    if isinstance(found, Refusal):
        raise Refused(found.code, found.detail, field="file")
    _judge_clip(standing.case, upload, found.duration_ms)
    return found, sha256


def _judge_clip(case: str, upload: Upload, duration_ms: int | None = None) -> None:
    if upload.kind == "face_video":
        drawn = next((c for c in rows.challenges_of(case) if c.id == upload.challenge), None)
        decide.judge_clip(drawn, arrived_at=upload.arrived_at, duration_ms=duration_ms)


@retried
def _note_refusal(case: str, kind: str, code: str, now: datetime) -> None:
    with transaction.atomic():
        refused = v.EvidenceRefused(evidence_kind=kind, code=code)
        journal.record([decide.draft(rows.held(case), refused)], now=now)


def _keep(standing: Standing, upload: Upload, found: Inspected, sha256: bytes, now: datetime) -> Receipt:
    """Keep the bytes first, then say so: what a crash leaves between is a file that nothing names."""
    evidence_id = str(new_uuid7(now))
    key = data_key(standing.applicant, class_of(upload.kind), create=True)
    store = evidence_store()
    try:
        with upload.path.open("rb") as file:
            store.put_file(evidence_id, file, key)
        receipt = _record(standing.case, upload, _received(evidence_id, upload, found, sha256), now)
    except OSError as error:
        # A store that cannot be written to need not let anything be taken away either.
        with suppress(OSError):
            store.delete(evidence_id)
        raise Refused(
            "unavailable", "the evidence store cannot be written to; try again", retry_after=_RETRY_AFTER_S
        ) from error
    except BaseException:
        store.delete(evidence_id)
        raise
    if receipt.id != evidence_id:
        store.delete(evidence_id)
    return receipt


def _received(evidence_id: str, upload: Upload, found: Inspected, sha256: bytes) -> v.EvidenceReceived:
    face = class_of(upload.kind) is PersonalClass.BIOMETRIC
    return v.EvidenceReceived(
        evidence_id=evidence_id,
        evidence_kind=upload.kind,
        challenge_id=upload.challenge,
        document_sha256=b"" if face else sha256,
        face_sha256=sha256 if face else b"",
        device_sha256=hashlib.sha256(upload.device.encode()).digest() if upload.device else b"",
        size=upload.path.stat().st_size,
        media_type=found.media_type,
        width_px=found.width_px,
        height_px=found.height_px,
        duration_ms=found.duration_ms,
    )


@retried
def _record(case: str, upload: Upload, received: v.EvidenceReceived, now: datetime) -> Receipt:
    """Say that the file is accepted, unless its twin came in the meantime or the case was submitted."""
    sha256 = received.document_sha256 or received.face_sha256
    with transaction.atomic():
        standing = rows.held(case)
        drafts = decide.receive(standing, received)
        if known := rows.same_bytes(case, sha256, received.size):
            return known
        _judge_clip(case, upload)
        journal.record(drafts, now=now)
    return Receipt(id=received.evidence_id, sha256=sha256, size=received.size, media_type=received.media_type)
