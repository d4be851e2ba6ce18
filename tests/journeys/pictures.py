"""What applicants send in these journeys: pictures of documents and of none, each made once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np

from tests.specimens.camera import Shot, desk, photograph
from tests.specimens.clips import empty_room
from tests.specimens.documents import GENUINE, PORTRAIT_BOX, Variant, licence, passport_page
from tests.specimens.holders import HOLDER_A, HOLDER_B
from tests.specimens.portraits import Rgb

__all__ = ["front", "room"]

_SEED = 2607


def _of_a(variant: Variant = GENUINE, shot: Shot = Shot()) -> bytes:
    return photograph(licence(HOLDER_A, seed=_SEED, variant=variant), seed=_SEED, shot=shot)


def _without_portrait() -> Rgb:
    card = licence(HOLDER_A, seed=_SEED, variant=Variant(attack="ghost_missing")).copy()
    x, y, width, height = PORTRAIT_BOX
    card[y : y + height, x : x + width] = 205
    return card


def _with_smeared_birth_date() -> Rgb:
    card = licence(HOLDER_A, seed=_SEED).copy()
    rows = slice(325, 385)
    card[rows, 610:1360] = np.asarray(cv2.GaussianBlur(card[rows, 610:1360], (0, 0), 22), np.uint8)
    return card


_MADE: dict[str, Callable[[], bytes]] = {
    "genuine": _of_a,
    "stuck on": lambda: _of_a(Variant(attack="stuck_on")),
    "unreadable": lambda: _of_a(Variant(attack="unreadable")),
    "no ghost": lambda: _of_a(Variant(attack="ghost_missing")),
    "sideways": lambda: _of_a(shot=Shot(turn_degrees=90)),
    "upside down": lambda: _of_a(shot=Shot(turn_degrees=180)),
    "turned, and says so": lambda: _of_a(shot=Shot(turn_degrees=90, exif_tells=True)),
    "no portrait": lambda: photograph(_without_portrait(), seed=_SEED),
    "smeared birth date": lambda: photograph(_with_smeared_birth_date(), seed=_SEED),
    "another holder": lambda: photograph(licence(HOLDER_B, seed=_SEED), seed=_SEED),
    "passport": lambda: photograph(passport_page(HOLDER_A, seed=_SEED), seed=_SEED),
    "no document": lambda: desk(seed=1),
}


@cache
def front(name: str) -> bytes:
    """A photograph of 12 megapixels, JPEG, by what is special about it."""
    return _MADE[name]()


@cache
def room() -> bytes:
    """A clip of five seconds with nobody in it."""
    return empty_room(seed=_SEED)
