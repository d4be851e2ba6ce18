"""What vision processes do with clips and photos of faces: each function is one step's work."""

from __future__ import annotations

from dataclasses import dataclass

from verification.pipeline.looks_document import embeddings_from, embeddings_to, pixels
from verification.pipeline.pixels import Held
from verification.vision import bands, face_track, images, liveness
from verification.vision.grades import Cue

__all__ = ["MatchGiven", "TrackGiven", "TrackSeen", "look_at_face", "match_faces"]


@dataclass(frozen=True, slots=True)
class TrackGiven:
    """A clip or photo of a face, and the challenge it answers: pairs of what and when (ms); None: none.

    `keep_frames` are places for the best face crops, `keep_template` for their embeddings.
    """

    clip: Held
    is_photo: bool
    challenge: tuple[tuple[str, int], ...] | None
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
    asked = None if wanted.challenge is None else liveness.Challenge.of(wanted.challenge)
    found = liveness.judge(track, asked)
    kept = list(zip(track.best, wanted.keep_frames, strict=False))
    for frame, keep in kept:
        keep.write(images.encode_jpeg(frame.bgr, 90))
    if kept:
        wanted.keep_template.write(embeddings_to(face_track.embeddings(track)))
    return TrackSeen(track.seen, track.share_01, len(kept), found.cues)


def _track(wanted: TrackGiven) -> face_track.FaceTrack:
    if wanted.is_photo:
        return face_track.of_photo(pixels().original(wanted.clip))
    return face_track.of_clip(wanted.clip.read())


@dataclass(frozen=True, slots=True)
class MatchGiven:
    """The embeddings of the document's portrait and of the face before the camera."""

    portrait: Held
    face: Held


def match_faces(wanted: MatchGiven) -> Cue:
    """Compare the portrait with the face before the camera."""
    main = embeddings_from(wanted.portrait.read())[0]
    return bands.face_match(main, embeddings_from(wanted.face.read()))
