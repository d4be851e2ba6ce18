"""The steps that look at faces before the camera, and compare them with the document's."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.message import Message

from protocol.catalogue import PersonalClass
from protocol.checks import Check
from protocol.schemas import verification_v1_pb2 as v
from verification.evidence_store import derived
from verification.pipeline import looks_face as looks
from verification.pipeline.answers import Answer, breakdown, reason_of, unavailable
from verification.pipeline.facts import Facts
from verification.pipeline.holding import held
from verification.pipeline.pixels import Held
from verification.pipeline.step import Look, Step
from verification.pipeline.workers import Failed
from verification.vision.grades import Cue
from verification.vision.liveness import Asked, Challenge, Deed

__all__ = ["STEPS"]

_LIVENESS, _MATCH = "liveness-1", "dlib-resnet-1/bands-1"
_FRAMES = 3
_DEEDS: dict[str, Deed] = {"turn_left": "turn_left", "turn_right": "turn_right", "close_eyes": "close_eyes"}


def _prepare_track(facts: Facts) -> Look | Failed:
    if not facts.basis:
        return Failed("no_biometric_basis", "nobody agreed to the processing of the face")
    received, event = facts.of("evidence:face", v.EvidenceReceived), facts.events["evidence:face"]
    drawn = facts.maybe(f"challenge:{received.challenge_id}", v.ChallengeDrawn)

    def place(what: str, evidence_id: str = "") -> Held:
        return held(event, evidence_id or derived(received.evidence_id, what), PersonalClass.BIOMETRIC)

    given = looks.TrackGiven(
        clip=place("", received.evidence_id),
        is_photo=received.evidence_kind == "face_photo",
        challenge=None if drawn is None else _challenge(drawn),
        keep_frames=tuple(place(f"frame-{n}") for n in range(_FRAMES)),
        keep_template=place("template"),
    )
    return Look(given, received.evidence_id)


def _challenge(drawn: v.ChallengeDrawn) -> Challenge:
    return Challenge(tuple(Asked(_DEEDS[action.do], action.at_ms) for action in drawn.actions))


def _tell_track(facts: Facts, found: object, now: datetime) -> list[Message]:
    received = facts.of("evidence:face", v.EvidenceReceived)
    evidence = received.evidence_id
    partial = v.FaceTrackRead(
        evidence_id=evidence,
        evidence_keyseq=facts.evidence_keyseq,
        evidence_kind=received.evidence_kind,
        unavailable=reason_of(found),
    )
    parts: tuple[v.Breakdown, ...] = (unavailable("clip", reason_of(found), evidence=evidence),)
    if isinstance(found, looks.TrackSeen):
        partial.seen, partial.share_01 = found.seen, found.share_01
        partial.frame_ids.extend(derived(evidence, f"frame-{n}") for n in range(found.frames))
        partial.template_id = derived(evidence, "template") if found.frames else ""
        parts = breakdown(found.cues, evidence=evidence)
    answer = Answer(
        check=Check.LIVENESS,
        parts=parts,
        evidence=(evidence,),
        model=_LIVENESS,
        final=reason_of(found) != "no_biometric_basis",
    )
    return [partial, answer.completed(facts, now)]


def _lacking(facts: Facts) -> str:
    """Say by a reason code why two faces cannot be compared; empty: they can."""
    portrait, track = facts.of("portrait:front", v.PortraitFound), facts.of("track:face", v.FaceTrackRead)
    if failed := portrait.unavailable or track.unavailable:
        return failed
    if not portrait.found or not track.seen or not track.frame_ids:
        return "no_face"
    return "" if portrait.template_id and track.template_id else "no_biometric_basis"


def _prepare_match(facts: Facts) -> Look | Failed:
    if lacking := _lacking(facts):
        return Failed(lacking, "there is nothing to compare")
    portrait, track = facts.of("portrait:front", v.PortraitFound), facts.of("track:face", v.FaceTrackRead)
    given = looks.MatchGiven(
        held(facts.events["portrait:front"], portrait.template_id, PersonalClass.BIOMETRIC),
        held(facts.events["track:face"], track.template_id, PersonalClass.BIOMETRIC),
        tuple(held(facts.events["track:face"], f, PersonalClass.BIOMETRIC) for f in track.frame_ids[1:]),
    )
    return Look(given)


def _tell_match(facts: Facts, found: object, now: datetime) -> list[v.CheckCompleted]:
    portrait, track = facts.of("portrait:front", v.PortraitFound), facts.of("track:face", v.FaceTrackRead)
    evidence = (portrait.evidence_id, track.evidence_id)
    parts: tuple[v.Breakdown, ...] = (unavailable("face", reason_of(found), evidence=track.evidence_id),)
    if isinstance(found, Cue):
        parts = breakdown((found,), evidence=track.evidence_id)
    answer = Answer(
        check=Check.FACE_MATCH,
        parts=parts,
        evidence=evidence,
        model=_MATCH,
        final=reason_of(found) != "no_biometric_basis",
    )
    return [answer.completed(facts, now)]


STEPS: tuple[Step, ...] = (
    Step(
        name="face_track",
        hears=(v.EvidenceReceived, v.ChallengeDrawn, v.BiometricBasisRecorded, v.BiometricBasisWithdrawn),
        says=(v.FaceTrackRead, v.CheckCompleted),
        answers=Check.LIVENESS,
        needs=("evidence:face",),
        also=("basis",),
        prepare=_prepare_track,
        work=looks.look_at_face,
        tell=_tell_track,
        priority=1,
    ),
    Step(
        name="face_match",
        hears=(v.PortraitFound, v.FaceTrackRead),
        says=(v.CheckCompleted,),
        answers=Check.FACE_MATCH,
        needs=("portrait:front", "track:face"),
        prepare=_prepare_match,
        work=looks.match_faces,
        tell=_tell_match,
        priority=1,
    ),
)
