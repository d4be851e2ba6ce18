"""Judges a face track: were the asked actions seen when they were asked, and does anything betray a replay?

What a clear answer claims: the asked actions were seen at the asked times in this clip. It stands against
still photographs, prints, frozen and cut files and old clips. Rendered, swapped or injected video, splices
and a sharp re-filming of a fine display pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from verification.vision.eyes import eye_contrast, shut_01
from verification.vision.face_track import FaceTrack
from verification.vision.follower import ied_px, yaw_proxy
from verification.vision.grades import Cue
from verification.vision.moire import moire_of_patches
from verification.vision.repeats import frozen_ms, loop_likeness
from verification.vision.sheet import sheet
from verification.vision.turns import Closure, Turn, closures, turns

__all__ = ["THRESHOLDS", "Asked", "Challenge", "Liveness", "Thresholds", "judge", "passive_score"]

Deed = Literal["turn_left", "turn_right", "close_eyes"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One asked action and its moment, ms from the clip's first frame."""

    do: Deed
    at_ms: int


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a recording was asked to show, in order of time."""

    actions: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Every number that decides, and where it is from.

    [M] rendered and real clips measured in the feasibility study; [R] rendered clips of this repository;
    [J] judgement, not measured.
    """

    early_ms: float = 200.0  # [M] onset error is +-.12 s
    late_ms: float = 1_200.0  # [M] recorder start-up and slow readers
    turn: float = 0.08  # [M] yaw proxy: 18 degrees always found, 10 degrees one in four
    veto: float = 0.10  # [M] a turn to the side not asked
    closed_ms: float = 350.0  # [R] includes the lids' way: rendered blinks measure 320 at most, held ones 530
    screen: float = 2.3  # [M] no false alarm in 343, in-sample
    sheet: float = 0.9  # [M] one false alarm in 245 rendered, one in 26 filmed
    frozen_ms: float = 700.0  # [M] genuine at most 200 ms, filmed 400 ms
    loop_likeness: float = 0.28  # [M] genuine at least .297, filmed .48
    seen_share: float = 0.8  # [J]
    least_ied_px: float = 40.0  # [J]
    least_rate_hz: float = 10.0  # [M] every third frame of 30 still finds 150 of 152 turns
    largest_gap_ms: float = 300.0  # [J]
    least_contrast: float = 0.10  # [J] of the eyes' crop
    least_luma: float = 30.0  # [J] of 255: below it a missing face is darkness
    least_points: int = 6  # [J] points needed before the first window
    tail_ms: float = 500.0  # [M] a turn needs this after its onset to be found


THRESHOLDS = Thresholds()


@dataclass(frozen=True, slots=True)
class Liveness:
    """The breakdown of the check, and what was seen happening."""

    cues: tuple[Cue, ...]
    turns: tuple[Turn, ...]
    closures: tuple[Closure, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A track's events and measures."""

    track: FaceTrack
    t_ms: NDArray[np.float64]
    turns: tuple[Turn, ...]
    closures: tuple[Closure, ...]
    sheet: float | None
    contrast: float | None


def judge(track: FaceTrack, challenge: Challenge | None) -> Liveness:
    """Grade a track by its challenge and by passive cues.

    Args:
        track: The clip's face track; with eye crops when the challenge asks for closed eyes.
        challenge: What was asked; None for a photo, or where no challenge is allowed.

    Returns:
        Cues `quality`, `challenge`, `screen`, `sheet`, `repeats` and `people`, in this order.
    """
    seen = _look(track)
    quality = _quality(seen, challenge)
    asked = _challenge(seen, challenge, quality)
    others = (_screen(track), _repeats(track), _people(track))
    second = any(cue.status == "suspected" for cue in (asked, *others))
    cues = (quality, asked, others[0], _sheet(seen, second=second), *others[1:])
    return Liveness(cues, seen.turns, seen.closures)


def passive_score(track: FaceTrack) -> float:
    """Score how much a track looks like a replay by passive cues alone: 1 and more is an alarm, 0 nothing."""
    seen = _look(track)
    likeness = loop_likeness(track.frame_ms, track.thumbs)
    parts = (
        (moire_of_patches(track.patches) or 0.0) / THRESHOLDS.screen,
        (seen.sheet or 0.0) / THRESHOLDS.sheet,
        frozen_ms(track.frame_ms, track.thumbs) / THRESHOLDS.frozen_ms,
        0.0 if likeness is None else THRESHOLDS.loop_likeness / max(likeness, 1e-3),
    )
    return max(parts)


def _look(track: FaceTrack) -> _Seen:
    here = track.seen
    t_ms = track.t_ms[here]
    if len(t_ms) < 2:
        return _Seen(track, t_ms, (), (), None, None)
    points = track.points[here]
    found = turns(t_ms, yaw_proxy(points).astype(np.float64), least=THRESHOLDS.turn)
    flatness = sheet(t_ms, ied_px(points).astype(np.float64), found)
    if not len(track.eyes):
        return _Seen(track, t_ms, found, (), flatness, None)
    eyes = track.eyes[here]
    shut = closures(t_ms, shut_01(eyes).astype(np.float64))
    return _Seen(track, t_ms, found, shut, flatness, eye_contrast(eyes))


def _quality(seen: _Seen, challenge: Challenge | None) -> Cue:
    """Say whether the track allows an answer at all; a reason given here never accuses anyone."""
    track = seen.track
    if not track.seen.any():
        return Cue("quality", "unavailable", _why_unseen(track), track.luma)
    share = float(track.seen.mean())
    sound = share >= THRESHOLDS.seen_share and _large(seen) and (challenge is None or _timed(seen, challenge))
    if sound:
        return Cue("quality", "clear", score=share)
    return Cue("quality", "unavailable", ("not_seen_well",), share)


def _dark(track: FaceTrack) -> bool:
    return track.luma < THRESHOLDS.least_luma


def _why_unseen(track: FaceTrack) -> tuple[str]:
    return ("not_seen_well" if track.seen.any() or _dark(track) else "no_face",)


def _large(seen: _Seen) -> bool:
    return float(np.nanmedian(ied_px(seen.track.points))) >= THRESHOLDS.least_ied_px


def _timed(seen: _Seen, challenge: Challenge) -> bool:
    """Whether the clip is long, dense and whole enough where the challenge looks."""
    frame_ms, first = seen.track.frame_ms, challenge.actions[0].at_ms
    last = challenge.actions[-1].at_ms + THRESHOLDS.late_ms + THRESHOLDS.tail_ms
    if len(frame_ms) < 2 or frame_ms[-1] + 50 < last:
        return False
    rate_hz = (len(frame_ms) - 1) * 1_000 / (frame_ms[-1] - frame_ms[0])
    before = int((seen.t_ms < first - THRESHOLDS.early_ms).sum())
    if rate_hz < THRESHOLDS.least_rate_hz or before < THRESHOLDS.least_points:
        return False
    return _lids_show(seen, challenge) and all(_whole(seen.t_ms, asked) for asked in challenge.actions)


def _lids_show(seen: _Seen, challenge: Challenge) -> bool:
    wanted = any(asked.do == "close_eyes" for asked in challenge.actions)
    return not wanted or (seen.contrast is not None and seen.contrast >= THRESHOLDS.least_contrast)


def _whole(t_ms: NDArray[np.float64], asked: Asked) -> bool:
    start, end = asked.at_ms - THRESHOLDS.early_ms, asked.at_ms + THRESHOLDS.late_ms
    inside = t_ms[(t_ms > start) & (t_ms < end)]
    gaps = np.diff(np.concatenate([[start], inside, [end]]))
    return bool(gaps.max() <= THRESHOLDS.largest_gap_ms)


def _challenge(seen: _Seen, challenge: Challenge | None, quality: Cue) -> Cue:
    if challenge is None:
        return Cue("challenge", "unavailable", ("challenge_not_asked",))
    if quality.status != "clear":
        return Cue("challenge", "unavailable", quality.reasons)
    if _followed(seen, challenge) and not _vetoed(seen, challenge):
        return Cue("challenge", "clear")
    if _people(seen.track).status != "clear":  # the one who was asked may not be the one who was followed
        return Cue("challenge", "unavailable", ("not_seen_well",))
    return Cue("challenge", "suspected", ("challenge_not_followed",))


def _followed(seen: _Seen, challenge: Challenge) -> bool:
    """Every action has an onset in its window, each after the one before it."""
    after_ms = -np.inf
    for asked in challenge.actions:
        begun = [
            onset_ms
            for onset_ms in _onsets_ms(seen, asked.do)
            if onset_ms > after_ms and -THRESHOLDS.early_ms <= onset_ms - asked.at_ms <= THRESHOLDS.late_ms
        ]
        if not begun:
            return False
        after_ms = min(begun)
    return True


def _onsets_ms(seen: _Seen, do: Deed) -> Iterator[float]:
    if do == "close_eyes":
        yield from (one.onset_ms for one in seen.closures if one.length_ms >= THRESHOLDS.closed_ms)
        return
    yield from (turn.onset_ms for turn in seen.turns if do == f"turn_{turn.side}")


def _vetoed(seen: _Seen, challenge: Challenge) -> bool:
    asked = {action.do for action in challenge.actions}
    return any(turn.peak >= THRESHOLDS.veto and f"turn_{turn.side}" not in asked for turn in seen.turns)


def _screen(track: FaceTrack) -> Cue:
    height = moire_of_patches(track.patches)
    if height is None:
        return Cue("screen", "unavailable", _why_unseen(track))
    if height >= THRESHOLDS.screen:
        return Cue("screen", "suspected", ("screen_replay",), height)
    return Cue("screen", "clear", score=height)


def _sheet(seen: _Seen, *, second: bool) -> Cue:
    """A sheet alarm alone is a caution: it was measured on 26 real turns only."""
    if seen.sheet is None:
        return Cue("sheet", "not_applicable")
    if seen.sheet < THRESHOLDS.sheet:
        return Cue("sheet", "clear", score=seen.sheet)
    return Cue("sheet", "suspected" if second else "caution", ("flat_face",), seen.sheet)


def _repeats(track: FaceTrack) -> Cue:
    if len(track.frame_ms) < 2:
        return Cue("repeats", "not_applicable")
    if not track.seen.any() or _dark(track):  # darkness is still, and so is an empty room
        return Cue("repeats", "unavailable", _why_unseen(track))
    still_ms = frozen_ms(track.frame_ms, track.thumbs)
    likeness = loop_likeness(track.frame_ms, track.thumbs)
    looped = likeness is not None and likeness < THRESHOLDS.loop_likeness
    if still_ms >= THRESHOLDS.frozen_ms or looped:
        return Cue("repeats", "suspected", ("frozen_or_looped",), likeness if looped else still_ms)
    return Cue("repeats", "clear", score=still_ms)


def _people(track: FaceTrack) -> Cue:
    """Two looks must agree, where there were two: the detector sees a face in a curtain now and then."""
    looks = sum(count > 1 for count in track.crowd)
    if looks >= min(2, max(1, len(track.crowd))):
        return Cue("people", "caution", ("two_faces",), float(max(track.crowd)))
    return Cue("people", "clear", score=float(max(track.crowd, default=0)))
