"""Specimen photographs for the tests of this room, each taken once a run."""

from __future__ import annotations

from functools import cache
from typing import Literal

from tests.specimens.camera import Hardness, Shot, desk, photograph, place
from tests.specimens.copies import on_paper
from tests.specimens.documents import licence, passport_page
from tests.specimens.holders import HOLDER_A, HOLDER_B
from tests.specimens.portraits import Rgb
from verification.vision.images import Bgr, decode
from verification.vision.quads import Quad

__all__ = ["PLAIN", "Kind", "corners", "empty", "flat", "picture"]

Kind = Literal["licence", "passport", "grey_copy"]
PLAIN = Shot(background="dark")


@cache
def flat(kind: Kind) -> Rgb:
    """The document as it was printed."""
    if kind == "passport":
        return passport_page(HOLDER_B, seed=1)
    card = licence(HOLDER_A, seed=1)
    return on_paper(card, seed=1, grey=True) if kind == "grey_copy" else card


@cache
def picture(kind: Kind, seed: int = 1, shot: Shot = PLAIN, hardness: Hardness = "usual") -> Bgr:
    """The document's photograph, decoded."""
    return decode(photograph(flat(kind), seed=seed, hardness=hardness, shot=shot))


@cache
def empty(background: Literal["dark", "cluttered"]) -> Bgr:
    """A desk without a document, decoded."""
    return decode(desk(seed=3, background=background))


def corners(kind: Kind, seed: int = 1, hardness: Hardness = "usual") -> Quad:
    """Where the document's corners lie in its photograph."""
    return place(flat(kind), seed=seed, hardness=hardness).astype("float32")
