"""What vision processes do with pictures of documents: each function is one step's work."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from verification.pipeline.pixels import Held, PageGiven, Pixels
from verification.vision import classify, faces, images, licence, mrz_reader, portrait, quality, tamper, text
from verification.vision.faces import Embedding
from verification.vision.fields import Field
from verification.vision.grades import Box, Cue
from verification.vision.mrz import fields_of

__all__ = [
    "Classified",
    "FieldsFound",
    "Graded",
    "PageCut",
    "PageWanted",
    "PortraitGiven",
    "PortraitSeen",
    "TamperGiven",
    "ZoneFound",
    "ZoneWanted",
    "embeddings_from",
    "embeddings_to",
    "look_at_fields",
    "look_at_page",
    "look_at_picture",
    "look_at_portrait",
    "look_at_quality",
    "look_at_zone",
    "look_for_tampering",
    "warm_up",
]


@cache
def pixels() -> Pixels:
    """This process's decoded pictures."""
    return Pixels()


def warm_up() -> None:
    """Load every model and reader, and use each once, so that the first case is as fast as the next."""
    cv2.setNumThreads(1)
    faces.warm_up()
    text.warm_up()
    mrz_reader.warm_up()
    # A pale card on a dark desk has no face and no text, yet every library loads what it loads at first use.
    picture = np.full((3000, 4000, 3), 40, np.uint8)
    cv2.rectangle(picture, (600, 500), (3400, 2270), (214, 200, 232), -1)
    seen = classify.classify(picture)
    quality.measure(picture, seen.page)
    page = np.ascontiguousarray(picture[500:1510, 600:2200])
    licence.read_licence(page)
    tamper.judge(page, portrait.Portrait(None, None, 0), document_type="uk_driving_licence", embeddings=None)


@dataclass(frozen=True, slots=True)
class Classified:
    """Which document a picture shows; `unavailable` says by a reason why it cannot be read."""

    document_type: classify.DocumentType
    side: str
    confidence_01: float
    corners_px: tuple[float, ...]
    unavailable: str = ""


def look_at_picture(held: Held) -> Classified:
    """Classify a picture by layout and colour."""
    seen = _seen(held)
    if seen.page is None:
        return Classified("unknown", "front", seen.confidence_01, ())
    if seen.page.sideways:
        return Classified("unknown", "front", seen.confidence_01, (), "unreadable")
    corners = tuple(float(x) for x in seen.page.corners.ravel())
    return Classified(seen.document_type, seen.side, seen.confidence_01, corners)


def _seen(held: Held) -> classify.Classification:
    return pixels().once(held.evidence_id, "seen", lambda: _classified(held.read()), lambda _: 1_000)


def _classified(data: bytes) -> classify.Classification:
    # The first fact a client hears: it does not wait for all of 12 megapixels.
    small, factor = images.decode_small(data)
    return classify.classify(small).scaled(factor)


@dataclass(frozen=True, slots=True)
class Graded:
    """How well a picture is seen, and whether it looks like its class."""

    quality: tuple[Cue, ...]
    features: tuple[Cue, ...]


def look_at_quality(held: Held) -> Graded:
    """Grade how well a picture is seen, and what of its class can be seen on it."""
    seen, picture = _seen(held), pixels().original(held)
    page = classify.straight_page(picture, seen)
    features = () if page is None else classify.class_features(page, seen.document_type)
    return Graded(quality.measure(picture, seen.page), features)


@dataclass(frozen=True, slots=True)
class PageCut:
    """The size of a page that was cut straight and kept, in px."""

    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class PageWanted:
    """A page to cut, and where to keep it as JPEG."""

    page: PageGiven
    keep: Held


def look_at_page(wanted: PageWanted) -> PageCut:
    """Cut the page straight and keep it."""
    page = pixels().page(wanted.page)
    wanted.keep.write(images.encode_jpeg(page, 90))
    return PageCut(width_px=page.shape[1], height_px=page.shape[0])


@dataclass(frozen=True, slots=True)
class FieldsFound:
    """Printed fields, and the fixed texts that stand on the page."""

    fields: tuple[Field, ...]
    fixed_texts: tuple[str, ...]


def look_at_fields(wanted: PageGiven) -> FieldsFound:
    """Read the printed fields of a page."""
    page = pixels().page(wanted)
    return FieldsFound(*licence.read_licence(page))


@dataclass(frozen=True, slots=True)
class ZoneFound:
    """A machine-readable zone; `format` is empty where there is none."""

    format: str
    lines: tuple[str, ...]
    check_digits_ok: bool
    wrong_check_digits: tuple[str, ...]
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class ZoneWanted:
    """A page whose zone is to be read, and the last day on which its holder can have been born."""

    page: PageGiven
    born_by: date


def look_at_zone(wanted: ZoneWanted) -> ZoneFound:
    """Read the machine-readable zone of a page."""
    page = pixels().page(wanted.page)
    zone = mrz_reader.read(page)
    if zone is None:
        return ZoneFound("", (), False, (), ())
    fields = fields_of(zone, born_by=wanted.born_by)
    return ZoneFound(zone.format, zone.lines, zone.check_digits_ok, zone.wrong_check_digits, fields)


@dataclass(frozen=True, slots=True)
class PortraitGiven:
    """A page whose portrait is wanted; embeddings are made only where there is a place to keep them."""

    page: PageGiven
    keep_portrait: Held
    keep_template: Held | None


@dataclass(frozen=True, slots=True)
class PortraitSeen:
    """Where the holder's portrait and its ghost lie on the page; None: not there."""

    box: Box | None
    ghost_box: Box | None


def look_at_portrait(wanted: PortraitGiven) -> PortraitSeen:
    """Find the holder's portrait, keep it, and embed its face where that is allowed."""
    page, seen = pixels().page(wanted.page), _portrait(wanted.page)
    if seen.main is None:
        return PortraitSeen(None, seen.ghost_box)
    box = seen.main.box
    crop = page[max(0, box.y) : box.y + box.height, max(0, box.x) : box.x + box.width]
    wanted.keep_portrait.write(images.encode_jpeg(crop, 90))
    if wanted.keep_template is not None:
        wanted.keep_template.write(_template(page, seen))
    return PortraitSeen(box, seen.ghost_box)


def _portrait(given: PageGiven) -> portrait.Portrait:
    page = pixels().page(given)
    return pixels().once(
        given.original.evidence_id,
        "portrait",
        lambda: portrait.find_portrait(page, given.document_type),
        lambda _: 10_000,
    )


@dataclass(frozen=True, slots=True)
class TamperGiven:
    """A page to judge, and the embeddings of its main portrait and ghost; None: there is no basis."""

    page: PageGiven
    template: Held | None


def look_for_tampering(wanted: TamperGiven) -> tuple[Cue, ...]:
    """Look for a portrait that was stuck on, edited text, and copies."""
    return tamper.judge(
        pixels().page(wanted.page),
        _portrait(wanted.page),
        document_type=wanted.page.document_type,
        embeddings=None if wanted.template is None else _embeddings(wanted.template.read()),
    )


def _template(page: NDArray[np.uint8], seen: portrait.Portrait) -> bytes:
    """Embed main portrait and ghost, (1 or 2, 128)."""
    made = portrait.embed_portrait(page, seen)
    if made is None:
        raise ValueError("a page without a portrait has no template")
    return embeddings_to([e for e in (made.main, made.ghost) if e is not None])


def _embeddings(data: bytes) -> portrait.PortraitEmbeddings:
    main, *ghost = embeddings_from(data)
    return portrait.PortraitEmbeddings(main, ghost[0] if ghost else None)


def embeddings_to(embeddings: Sequence[Embedding]) -> bytes:
    """Write n embeddings, (128,) each, as the bytes of derived evidence."""
    target = io.BytesIO()
    np.save(target, np.stack(embeddings), allow_pickle=False)
    return target.getvalue()


def embeddings_from(data: bytes) -> list[Embedding]:
    """Read embeddings back, (128,) each."""
    return list(np.load(io.BytesIO(data), allow_pickle=False))
