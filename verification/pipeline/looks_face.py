"""What vision processes do with clips and photos of faces: each function is one step's work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from verification.pipeline.looks_document import embeddings_from, embeddings_to, pixels
from verification.pipeline.pixels import Held
from verification.vision import bands, faces, images, liveness
from verification.vision.face_track import FaceTrack, FaceView, follow, follow_photo
from verification.vision.grades import Cue

__all__ = ["MatchGiven", "TrackGiven", "TrackSeen", "look_at_face", "match_faces"]


@dataclass(frozen=True, slots=True)
class TrackGiven:
    """A clip or photo of a face, and the challenge it answers; None: it answers none.

    `keep_frames` are places for the best face crops, `keep_template` for their embeddings.
    """

    clip: Held
    is_photo: bool
    challenge: liveness.Challenge | None
    keep_frames: tuple[Held, ...]
    keep_template: Held


@dataclass(frozen=True, slots=True)
class TrackSeen:
    """Whether a face was seen, in which share of frames, how many crops were kept; and the graded cues."""

    seen: bool
    share_01: float
    frames: int
    cues: tuple[Cue, ...]


def look_at_face(wanted: TrackGiven) -> TrackSeen:
    """Follow the face, judge whether a live person did what was asked, and keep the best frames."""
    track = _track(wanted)
    found = liveness.judge(track, wanted.challenge)
    for view, keep in zip(track.views, wanted.keep_frames, strict=False):
        keep.write(images.encode_jpeg(np.asarray(cv2.cvtColor(view.rgb, cv2.COLOR_RGB2BGR), np.uint8), 90))
    if track.views:
        wanted.keep_template.write(embeddings_to(_embedded(track.views)))
    share_01 = float(track.seen.mean()) if len(track.seen) else 0.0
    return TrackSeen(share_01 > 0, share_01, min(len(track.views), len(wanted.keep_frames)), found.cues)


def _track(wanted: TrackGiven) -> FaceTrack:
    if wanted.is_photo:
        return follow_photo(np.ascontiguousarray(pixels().original(wanted.clip)[..., ::-1]))
    eyes = wanted.challenge is not None and any(a.do == "close_eyes" for a in wanted.challenge.actions)
    return follow(wanted.clip.read(), with_eyes=eyes)


def _embedded(views: tuple[FaceView, ...]) -> list[faces.Embedding]:
    """Embed the best view only: each costs 75 ms, and the others matter near the end of a band alone."""
    return [faces.embed(view.rgb, view.face) for view in views[:1]]


@dataclass(frozen=True, slots=True)
class MatchGiven:
    """The embeddings of the portrait and of the face's best frame; its further frames as JPEG."""

    portrait: Held
    face: Held
    further: tuple[Held, ...]


def match_faces(wanted: MatchGiven) -> Cue:
    """Compare the portrait with the face before the camera."""
    return bands.face_match(embeddings_from(wanted.portrait.read())[0], _faces(wanted))


def _faces(wanted: MatchGiven) -> Iterator[faces.Embedding]:
    """Give the best frame's embedding; make those of the further frames only when they are asked for."""
    yield from embeddings_from(wanted.face.read())
    for held in wanted.further:
        rgb = np.ascontiguousarray(images.decode(held.read())[..., ::-1])
        yield from (faces.embed(rgb, face) for face in faces.find_faces(rgb)[:1])
