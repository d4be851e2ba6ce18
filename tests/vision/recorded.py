"""Recordings that several tests look at: rendered and followed once."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from tests.specimens.clips import Action, Look, empty_room, lids, render
from tests.specimens.portraits import portrait
from verification.vision.face_track import FaceTrack, follow
from verification.vision.liveness import Asked, Challenge

__all__ = ["CHALLENGE", "clip", "room", "track", "truth"]

SIZE = (960, 540)
TURN, EYES = Action("turn_left", 900), Action("close_eyes", 2_900)
CHALLENGE = Challenge((Asked("turn_left", 900), Asked("close_eyes", 2_900)))

_DONE = {
    "genuine": (TURN, EYES),
    "screen": (TURN, EYES),
    "frozen": (TURN, EYES),
    "looped": (TURN, EYES),
    "bent": (TURN, EYES),
    "dark": (TURN, EYES),
    "beside": (TURN, EYES),
    "one frame": (),
    "short": (TURN,),
    "late": (TURN, EYES),
    "only turned": (TURN,),
    "only shut": (EYES,),
    "wrong order": (Action("close_eyes", 900), Action("turn_left", 2_900)),
    "other side": (Action("turn_right", 900), EYES),
    "one eye": (TURN, EYES),
}


def _look(kind: str) -> Look:
    looks = {
        "screen": Look(size=SIZE, screen=True),
        "frozen": Look(size=SIZE, frozen_from_ms=2_900),
        "looped": Look(size=SIZE, loop_ms=1_500),
        "bent": Look(size=SIZE, surface="bent"),
        "dark": Look(size=SIZE, light=0.05),
        "one frame": Look(size=SIZE, seconds=0.02),
        "short": Look(size=SIZE, seconds=2.5),
        "late": Look(size=SIZE, reaction_s=(1.4, 1.5)),
        "one eye": Look(size=SIZE, one_eye=True, blinks=0),
    }
    if kind == "beside":
        return Look(size=SIZE, beside=portrait("biden"))
    return looks.get(kind, Look(size=SIZE))


@cache
def clip(kind: str) -> bytes:
    """One recording by what is special about it."""
    return render(portrait("obama3"), actions=_DONE[kind], seed=11, look=_look(kind))


@cache
def track(kind: str) -> FaceTrack:
    """The same recording, followed with eyes."""
    return follow(clip(kind), with_eyes=True)


def truth(kind: str) -> NDArray[np.float64]:
    """How far the lids were down (0 to 1) at each of the track's times."""
    down = lids(actions=_DONE[kind], seed=11, look=_look(kind))
    return np.interp(track(kind).t_ms, track(kind).frame_ms, down)


@cache
def room() -> FaceTrack:
    """A recording of nobody."""
    return follow(empty_room(seed=2, seconds=5.0, size=(640, 360)), with_eyes=True)
