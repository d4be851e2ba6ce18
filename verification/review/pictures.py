"""The pictures of a case: which there are, what is marked on each, and how one is opened for a browser."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from events.keys import data_key
from protocol.case_state import CaseState
from protocol.catalogue import PersonalClass
from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as v
from verification.receiving import class_of, evidence_store
from verification.review.checks import Mark
from verification.review.people import lock_of
from verification.review.redraw import redraw
from verification.review.words import clock, label, megabytes

__all__ = ["Outline", "Picture", "Piece", "find", "jpeg_of", "pieces_of"]

# A clip is shown by the frames from the moment an action was asked to the last one at which it may begin
# (API.md, challenge) and a little on; without a challenge, by its first seconds.
_AFTER_ASKED_MS = (0, 500, 1000, 1500)
_WITHOUT_CHALLENGE_MS = (0, 700, 1400, 2100, 2800, 3500, 4200, 4900)


@dataclass(frozen=True, slots=True)
class Outline:
    """Something that was found and is no reproach: a rectangle or corners, "x,y x,y …" in px."""

    words: str
    points: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture as a browser may see it: re-encoded, `width_px` 0 where its size is not known before.

    `moments_ms`: it is the sheet of a clip's frames at those moments. `locked` says in words why it cannot be
    shown; empty: it can.
    """

    id: str
    title: str
    personal: PersonalClass
    width_px: int = 0
    height_px: int = 0
    moments_ms: tuple[int, ...] = ()
    marks: tuple[Mark, ...] = ()
    outlines: tuple[Outline, ...] = ()
    note: str = ""
    locked: str = ""

    @property
    def number_px(self) -> int:
        """The height of a mark's number on the picture."""
        return max(12, self.width_px // 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of evidence with the pictures cut from it; `counts` is false when a newer one replaced it."""

    id: str
    kind: str
    about: str
    counts: bool
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """The newest event of each type that tells of one piece of evidence, and the challenges of the case."""

    received: v.EvidenceReceived
    at: str
    newest: Mapping[type, object]
    asked: Mapping[str, v.ChallengeDrawn]


def pieces_of(
    applicant: str, state: CaseState, events: Iterable[Event], marks: Iterable[Mark]
) -> tuple[Piece, ...]:
    """List the accepted evidence of a case, what counts first, each with its pictures."""
    counting = {held.evidence_id for held in state.evidence.values()}
    locks = {personal: lock_of(applicant, personal) for personal in PersonalClass}
    drawn = list(marks)
    pieces = [_piece(known, counting, locks, drawn) for known in _known(events)]
    return tuple(sorted(pieces, key=lambda piece: not piece.counts))


def find(events: Iterable[Event], picture: str) -> Picture | None:
    """Find a picture of a case by its id; None: the case has none, or it is nothing to look at."""
    every = chain.from_iterable(_pictures(known) for known in _known(events))
    return next((found for found in every if found.id == picture), None)


def jpeg_of(applicant: str, picture: Picture) -> bytes:
    """Open a picture and draw it anew, as JPEG.

    Raises:
        Erased, KeysAway, NeverMade: its key cannot be had.
        EvidenceMissing, EvidenceDamaged: the store has lost it.
        CannotRedraw: it cannot be decoded.
    """
    key = data_key(applicant, picture.personal, create=False)
    return redraw(evidence_store().open(picture.id, key), picture.moments_ms)


def _known(events: Iterable[Event]) -> Iterator[_Known]:
    every = list(events)
    asked = {e.message.challenge_id: e.message for e in every if isinstance(e.message, v.ChallengeDrawn)}
    for event in every:
        received = event.message
        if isinstance(received, v.EvidenceReceived):
            of_it = (
                e.message for e in every if getattr(e.message, "evidence_id", "") == received.evidence_id
            )
            newest = {type(message): message for message in of_it}
            yield _Known(received, clock(event.envelope.occurred_at), newest, asked)


def _piece(known: _Known, counting: set[str], locks: Mapping[PersonalClass, str], marks: list[Mark]) -> Piece:
    received = known.received
    length = f", {received.duration_ms / 1000:.1f} s" if received.duration_ms else ""
    return Piece(
        id=received.evidence_id,
        kind=received.evidence_kind,
        about=f"{received.media_type}, {received.width_px} x {received.height_px} px{length}, "
        f"{megabytes(received.size)}, received {known.at}",
        counts=received.evidence_id in counting,
        pictures=tuple(
            replace(
                picture, locked=locks[picture.personal], marks=_marked(picture, received.evidence_id, marks)
            )
            for picture in _pictures(known)
        ),
    )


def _marked(picture: Picture, evidence: str, marks: list[Mark]) -> tuple[Mark, ...]:
    """Choose the marks that were seen on a picture: on the evidence itself, or on the page cut from it."""
    if not picture.width_px:
        return ()
    on_page = picture.id != evidence
    return tuple(mark for mark in marks if mark.evidence == evidence and mark.on_page == on_page)


def _pictures(known: _Known) -> Iterator[Picture]:
    received = known.received
    original = Picture(
        id=received.evidence_id,
        title=f"{label(received.evidence_kind)}, as it was sent",
        personal=class_of(received.evidence_kind),
        width_px=received.width_px,
        height_px=received.height_px,
    )
    if received.duration_ms:
        yield _sheet(original, known.asked.get(received.challenge_id))
    else:
        yield replace(original, outlines=_page_outline(known.newest.get(v.DocumentClassified)))
    yield from _cut(known)


def _sheet(original: Picture, asked: v.ChallengeDrawn | None) -> Picture:
    note = "It answers no challenge."
    moments: tuple[int, ...] = _WITHOUT_CHALLENGE_MS
    if asked is not None:
        starts = [action.at_ms for action in asked.actions]
        moments = tuple(start + after for start in starts for after in _AFTER_ASKED_MS)
        told = ", then ".join(f"{label(a.do).lower()} at {a.at_ms / 1000:.1f} s" for a in asked.actions)
        note = f"Asked: {told} (the person's own left and right). Frames follow each moment."
    return replace(original, moments_ms=moments, width_px=0, height_px=0, note=note)


def _page_outline(classified: object) -> tuple[Outline, ...]:
    if not isinstance(classified, v.DocumentClassified) or not classified.corners_px:
        return ()
    xs, ys = classified.corners_px[::2], classified.corners_px[1::2]
    return (Outline("The document as it was found", _points(zip(xs, ys, strict=True))),)


def _cut(known: _Known) -> Iterator[Picture]:
    """Give the page, the portrait and the face crops that steps have cut from a piece of evidence."""
    page, portrait = known.newest.get(v.PageRectified), known.newest.get(v.PortraitFound)
    track = known.newest.get(v.FaceTrackRead)
    if isinstance(page, v.PageRectified) and page.page_id:
        yield Picture(
            id=page.page_id,
            title="The page, cut straight",
            personal=PersonalClass.IDENTITY,
            width_px=page.width_px,
            height_px=page.height_px,
            outlines=(*_portrait_outlines(portrait), *_field_outlines(known.newest)),
        )
    if isinstance(portrait, v.PortraitFound) and portrait.portrait_id:
        yield Picture(
            id=portrait.portrait_id, title="Portrait on the document", personal=PersonalClass.BIOMETRIC
        )
    for number, frame in enumerate(track.frame_ids if isinstance(track, v.FaceTrackRead) else (), start=1):
        yield Picture(id=frame, title=f"Face, view {number}", personal=PersonalClass.BIOMETRIC)


def _portrait_outlines(portrait: object) -> Iterator[Outline]:
    if isinstance(portrait, v.PortraitFound) and portrait.HasField("box") and portrait.found:
        yield Outline("Face of the portrait", _corners(portrait.box))
    if isinstance(portrait, v.PortraitFound) and portrait.HasField("ghost_box"):
        yield Outline("Ghost image", _corners(portrait.ghost_box))


def _field_outlines(newest: Mapping[type, object]) -> Iterator[Outline]:
    for kind in (v.FieldsRead, v.MachineZoneRead):
        read = newest.get(kind)
        if isinstance(read, v.FieldsRead | v.MachineZoneRead):
            for field in read.fields:
                if field.HasField("box"):
                    yield Outline(label(field.name), _corners(field.box))


def _corners(box: v.Box) -> str:
    right, bottom = box.x + box.width, box.y + box.height
    return _points(((box.x, box.y), (right, box.y), (right, bottom), (box.x, bottom)))


def _points(corners: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.0f},{y:.0f}" for x, y in corners)
