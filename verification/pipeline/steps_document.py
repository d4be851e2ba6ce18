"""The steps that look at pictures of documents."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import cast

from events.errors import Erased
from protocol.catalogue import PersonalClass
from protocol.checks import Check, Slot
from protocol.schemas import verification_v1_pb2 as v
from verification.evidence_store import derived
from verification.pipeline import looks_document as looks
from verification.pipeline.answers import Answer, box_message, breakdown, reason_of, unavailable
from verification.pipeline.facts import Facts
from verification.pipeline.holding import held
from verification.pipeline.pixels import Held, PageGiven
from verification.pipeline.step import Look, Step
from verification.pipeline.workers import Failed
from verification.vision.classify import DocumentType
from verification.vision.fields import Field

__all__ = ["STEPS"]

_READER, _ZONE_READER, _TAMPER = "tesseract-5-eng/fields-1", "ocrb-mlp-1", "tamper-1"
_BASIS = (v.BiometricBasisRecorded, v.BiometricBasisWithdrawn)
# Documents with a machine-readable zone on their front; a licence is not searched for one.
_WITH_ZONE = {"passport", "identity_card", "residence_permit", "unknown"}
_WITH_PRINT = {"uk_driving_licence", "driving_licence"}


def _classify(slot: Slot) -> Step:
    """Make the step that classifies the picture in one slot."""
    name = f"evidence:{slot}"

    def prepare(facts: Facts) -> Look:
        received = facts.of(name, v.EvidenceReceived)
        return Look(
            held(facts.events[name], received.evidence_id, PersonalClass.IDENTITY), received.evidence_id
        )

    def tell(facts: Facts, found: object, _now: datetime) -> list[v.DocumentClassified]:
        received = facts.of(name, v.EvidenceReceived)
        partial = v.DocumentClassified(
            evidence_id=received.evidence_id,
            evidence_keyseq=facts.evidence_keyseq,
            evidence_kind=received.evidence_kind,
            document_type="unknown",
            unavailable=reason_of(found),
        )
        if isinstance(found, looks.Classified):
            partial.unavailable = found.unavailable
            partial.document_type, partial.side = found.document_type, found.side
            partial.confidence_01 = found.confidence_01
            partial.corners_px.extend(found.corners_px)
        return [partial]

    return Step(
        name=f"classify_{slot}",
        hears=(v.EvidenceReceived,),
        says=(v.DocumentClassified,),
        needs=(name,),
        prepare=prepare,
        work=looks.look_at_picture,
        tell=tell,
        priority=0,
    )


def _grade(slot: Slot) -> Step:
    """Make the step that grades how well the picture in one slot is seen."""
    name = f"classified:{slot}"

    def prepare(facts: Facts) -> Look:
        evidence = facts.of(name, v.DocumentClassified).evidence_id
        return Look(held(facts.events[name], evidence, PersonalClass.IDENTITY), evidence)

    def tell(facts: Facts, found: object, _now: datetime) -> list[v.PictureGraded]:
        classified = facts.of(name, v.DocumentClassified)
        partial = v.PictureGraded(
            evidence_id=classified.evidence_id,
            evidence_keyseq=classified.evidence_keyseq,
            evidence_kind=classified.evidence_kind,
            unavailable=reason_of(found),
        )
        if isinstance(found, looks.Graded):
            partial.quality.extend(breakdown(found.quality, evidence=classified.evidence_id))
            partial.features.extend(breakdown(found.features, evidence=classified.evidence_id))
        return [partial]

    return Step(
        name=f"grade_{slot}",
        hears=(v.DocumentClassified,),
        says=(v.PictureGraded,),
        needs=(name,),
        prepare=prepare,
        work=looks.look_at_quality,
        tell=tell,
        priority=3,
    )


def _prepare_page(facts: Facts) -> Look | Failed:
    classified = facts.of("classified:front", v.DocumentClassified)
    if classified.unavailable or not classified.corners_px:
        return Failed(classified.unavailable or "no_document", "the picture shows no page")
    event = facts.events["classified:front"]
    page = PageGiven(
        held(event, classified.evidence_id, PersonalClass.IDENTITY),
        tuple(classified.corners_px),
        _type(classified.document_type),
    )
    keep = held(event, derived(classified.evidence_id, "page"), PersonalClass.IDENTITY)
    return Look(looks.PageWanted(page, keep), classified.evidence_id)


def _tell_page(facts: Facts, found: object, _now: datetime) -> list[v.PageRectified]:
    classified = facts.of("classified:front", v.DocumentClassified)
    partial = v.PageRectified(
        evidence_id=classified.evidence_id,
        evidence_keyseq=classified.evidence_keyseq,
        evidence_kind=classified.evidence_kind,
        document_type=classified.document_type,
        corners_px=classified.corners_px,
        unavailable=reason_of(found),
    )
    if isinstance(found, looks.PageCut):
        partial.page_id = derived(classified.evidence_id, "page")
        partial.width_px, partial.height_px = found.width_px, found.height_px
    return [partial]


def _page(facts: Facts) -> PageGiven | Failed:
    """Give the front's page to a step that reads it, or say why there is none."""
    page = facts.of("page:front", v.PageRectified)
    if page.unavailable:
        return Failed(page.unavailable, "there is no page")
    original = held(facts.events["page:front"], page.evidence_id, PersonalClass.IDENTITY)
    return PageGiven(original, tuple(page.corners_px), _type(page.document_type))


def _prepare_fields(facts: Facts) -> Look | Failed:
    page = _page(facts)
    if isinstance(page, Failed):
        return page
    if page.document_type not in _WITH_PRINT:
        return Failed("", "its fields are read from its zone")
    return Look(page, page.original.evidence_id)


def _tell_fields(facts: Facts, found: object, _now: datetime) -> list[v.FieldsRead]:
    page = facts.of("page:front", v.PageRectified)
    partial = v.FieldsRead(
        evidence_id=page.evidence_id,
        evidence_keyseq=page.evidence_keyseq,
        evidence_kind=page.evidence_kind,
        document_type=page.document_type,
        model=_READER,
        unavailable=reason_of(found),
    )
    if isinstance(found, looks.FieldsFound):
        partial.fields.extend(_fields(found.fields))
        partial.fixed_texts.extend(found.fixed_texts)
        partial.unavailable = "" if found.fields else "unreadable"
    return [partial]


def _prepare_zone(facts: Facts) -> Look | Failed:
    page = _page(facts)
    if isinstance(page, Failed):
        return page
    if page.document_type not in _WITH_ZONE:
        return Failed("", "its class has no zone")
    # A zone's year has two digits: without the day, whoever is over ninety would be born after it.
    seen_on = facts.events["page:front"].envelope.occurred_at.date()
    return Look(looks.ZoneWanted(page, seen_on), page.original.evidence_id)


def _tell_zone(facts: Facts, found: object, _now: datetime) -> list[v.MachineZoneRead]:
    page = facts.of("page:front", v.PageRectified)
    partial = v.MachineZoneRead(
        evidence_id=page.evidence_id,
        evidence_keyseq=page.evidence_keyseq,
        evidence_kind=page.evidence_kind,
        model=_ZONE_READER,
        unavailable=reason_of(found),
    )
    if isinstance(found, looks.ZoneFound):
        partial.format, partial.check_digits_ok = found.format, found.check_digits_ok
        partial.lines = "\n".join(found.lines).encode()
        partial.wrong_check_digits.extend(found.wrong_check_digits)
        partial.fields.extend(_fields(found.fields))
        partial.unavailable = "" if found.format else "unreadable"
    return [partial]


def _prepare_portrait(facts: Facts) -> Look | Failed:
    page = _page(facts)
    if isinstance(page, Failed):
        return page
    event, evidence = facts.events["page:front"], page.original.evidence_id
    crop = held(event, derived(evidence, "portrait"), PersonalClass.BIOMETRIC)
    template = held(event, derived(evidence, "template"), PersonalClass.BIOMETRIC) if facts.basis else None
    return Look(looks.PortraitGiven(page, crop, template), evidence)


def _tell_portrait(facts: Facts, found: object, _now: datetime) -> list[v.PortraitFound]:
    page = facts.of("page:front", v.PageRectified)
    partial = v.PortraitFound(
        evidence_id=page.evidence_id,
        evidence_keyseq=page.evidence_keyseq,
        evidence_kind=page.evidence_kind,
        document_type=page.document_type,
        unavailable=reason_of(found),
    )
    if isinstance(found, looks.PortraitSeen):
        partial.found = found.box is not None
        partial.box.CopyFrom(box_message(found.box) or v.Box())
        if found.ghost_box is not None:
            partial.ghost_box.CopyFrom(box_message(found.ghost_box) or v.Box())
        if found.box is not None:
            partial.portrait_id = derived(page.evidence_id, "portrait")
            partial.template_id = derived(page.evidence_id, "template") if facts.basis else ""
    return [partial]


def _prepare_tamper(facts: Facts) -> Look | Failed:
    page, portrait = _page(facts), facts.of("portrait:front", v.PortraitFound)
    if isinstance(page, Failed):
        return page
    return Look(looks.TamperGiven(page, _template(facts, portrait)), page.original.evidence_id)


def _template(facts: Facts, portrait: v.PortraitFound) -> Held | None:
    """Give the portrait's embedding; None: it was never made, or its key is destroyed."""
    if not portrait.template_id:
        return None
    try:
        return held(facts.events["portrait:front"], portrait.template_id, PersonalClass.BIOMETRIC)
    except Erased:
        return None


def _tell_tamper(facts: Facts, found: object, now: datetime) -> list[v.CheckCompleted]:
    page, portrait = facts.of("page:front", v.PageRectified), facts.of("portrait:front", v.PortraitFound)
    evidence = page.evidence_id
    parts: tuple[v.Breakdown, ...] = (unavailable("page", reason_of(found), evidence=evidence),)
    if isinstance(found, tuple):
        parts = breakdown(found, evidence=evidence)
    lacks_basis = portrait.found and not portrait.template_id
    answer = Answer(
        check=Check.TAMPER, parts=parts, evidence=(evidence,), model=_TAMPER, final=not lacks_basis
    )
    return [answer.completed(facts, now)]


def _type(word: str) -> DocumentType:
    """Take the classifier's own word back from its event."""
    return cast("DocumentType", word)


def _fields(fields: Iterable[Field]) -> list[v.Field]:
    return [
        v.Field(name=f.name, value=f.value.encode(), confidence_01=f.confidence_01, box=box_message(f.box))
        for f in fields
    ]


STEPS: tuple[Step, ...] = (
    _classify(Slot.FRONT),
    _classify(Slot.BACK),
    _grade(Slot.FRONT),
    _grade(Slot.BACK),
    Step(
        name="rectify",
        hears=(v.DocumentClassified,),
        says=(v.PageRectified,),
        needs=("classified:front",),
        prepare=_prepare_page,
        work=looks.look_at_page,
        tell=_tell_page,
        priority=1,
    ),
    Step(
        name="read",
        hears=(v.PageRectified,),
        says=(v.FieldsRead,),
        needs=("page:front",),
        prepare=_prepare_fields,
        work=looks.look_at_fields,
        tell=_tell_fields,
        priority=2,
    ),
    Step(
        name="read_zone",
        hears=(v.PageRectified,),
        says=(v.MachineZoneRead,),
        needs=("page:front",),
        prepare=_prepare_zone,
        work=looks.look_at_zone,
        tell=_tell_zone,
        priority=2,
    ),
    Step(
        name="portrait",
        hears=(v.PageRectified, *_BASIS),
        says=(v.PortraitFound,),
        needs=("page:front",),
        also=("basis",),
        prepare=_prepare_portrait,
        work=looks.look_at_portrait,
        tell=_tell_portrait,
        priority=3,
    ),
    Step(
        name="tamper",
        hears=(v.PageRectified, v.PortraitFound),
        says=(v.CheckCompleted,),
        answers=Check.TAMPER,
        needs=("page:front", "portrait:front"),
        prepare=_prepare_tamper,
        work=looks.look_for_tampering,
        tell=_tell_tamper,
        priority=4,
    ),
)
