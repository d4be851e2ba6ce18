"""Rectified pages of specimens for the tests of portrait and tamper, each made once a test run."""

from __future__ import annotations

from functools import cache
from typing import Literal

import cv2
import numpy as np

from tests.specimens.camera import Insert, Shot, photograph, place
from tests.specimens.copies import on_paper, on_screen
from tests.specimens.documents import GENUINE, PORTRAIT_BOX, Variant, licence, passport_page
from tests.specimens.holders import HOLDERS
from tests.specimens.portraits import Rgb, crop_35_45
from verification.vision.page import rectify

__all__ = ["Kind", "page"]

Kind = Literal["genuine", "stuck_on", "ghost_missing", "text_edit", "splice", "screen", "paper", "grey"]


_VARIANTS = {
    "stuck_on": Variant("stuck_on"),
    "ghost_missing": Variant("ghost_missing"),
    "text_edit": Variant("text_edit"),
}


@cache
def page(kind: Kind | Literal["passport"], holder: Literal["a", "b"] = "a", seed: int = 5) -> Rgb:
    """A photographed specimen's page, BGR, cut out at its true corners."""
    flat = passport_page(HOLDERS[holder], seed=seed) if kind == "passport" else _flat(kind, holder, seed)
    shot = Shot(insert=_insert()) if kind == "splice" else Shot()
    bgr = cv2.imdecode(np.frombuffer(photograph(flat, seed=seed, shot=shot), np.uint8), cv2.IMREAD_COLOR)
    corners = place(flat, seed=seed).astype(np.float32)
    return rectify(np.asarray(bgr, np.uint8), corners, width_px=flat.shape[1], height_px=flat.shape[0])


def _flat(kind: str, holder: str, seed: int) -> Rgb:
    flat = licence(HOLDERS[holder], seed=seed, variant=_VARIANTS.get(kind, GENUINE))
    if kind == "screen":
        return on_screen(flat, seed=seed)
    return on_paper(flat, seed=seed, grey=kind == "grey") if kind in {"paper", "grey"} else flat


def _insert() -> Insert:
    x, y, width, height = PORTRAIT_BOX
    face = np.asarray(cv2.resize(crop_35_45("biden"), (width, height)), np.uint8)
    return Insert(face, x, y)
