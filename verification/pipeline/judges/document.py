"""Is it a document of its class: its colours and places, its fixed texts, the fields it must have?"""

from __future__ import annotations

from datetime import datetime

from protocol.checks import Check, Grade
from protocol.schemas import verification_v1_pb2 as v
from verification.pipeline.answers import Answer, clear, part, unavailable
from verification.pipeline.facts import Facts

__all__ = ["MUST_HAVE", "judge"]

# What a document must show to be read as its class, and the texts that are printed on each of them.
MUST_HAVE: dict[str, frozenset[str]] = {
    "uk_driving_licence": frozenset(
        {"family_name", "given_names", "date_of_birth", "expiry_date", "driver_number"}
    ),
    "passport": frozenset(
        {"family_name", "given_names", "date_of_birth", "expiry_date", "document_number", "nationality"}
    ),
}
_FIXED_TEXT = {"uk_driving_licence": "DRIVING LICENCE"}


def judge(facts: Facts, _found: object, now: datetime) -> list[v.CheckCompleted]:
    """Grade whether the front has what its class must have."""
    classified = facts.of("classified:front", v.DocumentClassified)
    fields, zone = facts.of("fields:front", v.FieldsRead), facts.of("zone:front", v.MachineZoneRead)
    if classified.unavailable or classified.document_type == "unknown":
        reason = classified.unavailable or ("unknown_document" if classified.corners_px else "no_document")
        parts: tuple[v.Breakdown, ...] = (unavailable("class", reason, evidence=classified.evidence_id),)
    else:
        graded = facts.of("graded:front", v.PictureGraded)
        names = {field.name for read in (fields.fields, zone.fields) for field in read}
        parts = (
            *_features(graded),
            _fields(classified, names),
            *_texts(classified, fields),
            *_back(facts, classified),
        )
    answer = Answer(check=Check.DOCUMENT, parts=parts, evidence=(classified.evidence_id,), model="document-1")
    return [answer.completed(facts, now)]


def _features(graded: v.PictureGraded) -> tuple[v.Breakdown, ...]:
    """Give the grades of colours and places; a picture that could not be graded shows none of its class."""
    if graded.unavailable:
        return (unavailable("features", graded.unavailable, evidence=graded.evidence_id),)
    return tuple(graded.features)


def _fields(classified: v.DocumentClassified, names: set[str]) -> v.Breakdown:
    """Judge the fields: some missing is a bad picture of a document, all missing an unreadable one."""
    wanted = MUST_HAVE.get(classified.document_type, frozenset())
    missing = sorted(wanted - names)
    if not missing:
        return clear("fields")
    return part("fields", Grade.UNAVAILABLE, "unreadable", evidence=classified.evidence_id, fields=missing)


def _texts(classified: v.DocumentClassified, fields: v.FieldsRead) -> tuple[v.Breakdown, ...]:
    text = _FIXED_TEXT.get(classified.document_type)
    if text is None or fields.unavailable:
        return ()
    if text in fields.fixed_texts:
        return (clear("fixed_texts"),)
    return (part("fixed_texts", Grade.CAUTION, "not_like_its_class", evidence=classified.evidence_id),)


def _back(facts: Facts, front: v.DocumentClassified) -> tuple[v.Breakdown, ...]:
    """Judge the further picture: it must not show another class of document than the front."""
    back = facts.maybe("classified:back", v.DocumentClassified)
    if back is None:
        return ()
    if back.document_type in {front.document_type, "unknown"}:
        return (clear("back"),)
    return (part("back", Grade.CAUTION, "not_like_its_class", evidence=back.evidence_id),)
