"""The portrait of a document's page: the main face, and the ghost image that repeats it small and pale.

Looking for them is not biometric; `embed_portrait` is, and is called only where a basis for it is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from verification.vision.faces import Embedding, Face, Picture, embed, find_faces
from verification.vision.grades import Box, Cue
from verification.vision.tamper_layout import Layout, layout_of

__all__ = ["Ghost", "Portrait", "PortraitEmbeddings", "embed_portrait", "find_portrait", "portrait_cue"]

_MAIN_FACE_PX = 140
"""Faces at least so wide count as portraits: a ghost's face is about 80 px wide, a portrait's 220 to 260."""

_GHOST_FACE_PX = 50

_ENLARGED = 2
"""A ghost is enlarged so many times before its face is looked for (measured: found in 99 of 100)."""

_GHOST_RELIEF = 10.0
"""Standard deviation in grey levels, smoothed: ghost places with a picture show 16 to 32, empty 2 to 6."""


@dataclass(frozen=True, slots=True, eq=False)
class Ghost:
    """The ghost image: `picture` is its neighbourhood, enlarged and stretched (RGB), `face` lies in that.

    `box` is where the ghost lies on the page. `guessed` says that no face was detected in it, so that its
    points were carried over from the main portrait.
    """

    picture: Picture
    face: Face
    box: Box
    guessed: bool


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """What a page shows of its holder: the main face (page pixels), its ghost, and how many main faces."""

    main: Face | None
    ghost: Ghost | None
    faces_count: int

    @property
    def ghost_box(self) -> Box | None:
        """Where the ghost lies on the page, if there is one."""
        return self.ghost.box if self.ghost else None


@dataclass(frozen=True, slots=True, eq=False)
class PortraitEmbeddings:
    """The embeddings of the main portrait (the face match uses it too) and of the ghost, if there is one."""

    main: Embedding
    ghost: Embedding | None


def find_portrait(page_bgr: Picture, document_type: str) -> Portrait:
    """Finds the main face and the ghost image on a rectified page, BGR (1010 or 1126, 1600, 3).

    The ghost is looked for only in classes whose layout is known. It costs about 80 ms.
    """
    rgb = cast("Picture", cv2.cvtColor(page_bgr, cv2.COLOR_BGR2RGB))
    faces = find_faces(rgb, min_width_px=_MAIN_FACE_PX)
    layout = layout_of(document_type)
    if layout is None or not faces:
        return Portrait(faces[0] if faces else None, None, len(faces))
    main = _nearest(faces, layout.portrait)
    return Portrait(main, _find_ghost(page_bgr, main, layout), len(faces))


def embed_portrait(page_bgr: Picture, portrait: Portrait) -> PortraitEmbeddings | None:
    """Embeds main face and ghost (about 75 ms each), or gives None when there is no main face.

    Embeddings are biometric data: call this only with a recorded basis.
    """
    if portrait.main is None:
        return None
    main = embed(cast("Picture", cv2.cvtColor(page_bgr, cv2.COLOR_BGR2RGB)), portrait.main)
    ghost = embed(portrait.ghost.picture, portrait.ghost.face) if portrait.ghost else None
    return PortraitEmbeddings(main, ghost)


def portrait_cue(portrait: Portrait) -> Cue:
    """Says whether the page shows exactly one portrait; the score is the number of faces of that size."""
    if portrait.main is None:
        return Cue("portrait", "unavailable", ("no_face",), 0.0)
    if portrait.faces_count > 1:
        return Cue("portrait", "caution", ("two_faces",), float(portrait.faces_count), portrait.main.box)
    return Cue("portrait", "clear", (), 1.0, portrait.main.box)


def _nearest(faces: Sequence[Face], place: Box) -> Face:
    middle = _middle(place)
    return min(faces, key=lambda face: float(np.linalg.norm(_middle(face.box) - middle)))


def _middle(box: Box) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([box.x + box.width / 2, box.y + box.height / 2])


def _find_ghost(page_bgr: Picture, main: Face, layout: Layout) -> Ghost | None:
    area = layout.ghost_area
    grey = cast("Picture", cv2.cvtColor(_cut(page_bgr, area), cv2.COLOR_BGR2GRAY))
    picture = _enlarged(grey)
    faces = find_faces(picture, min_width_px=_GHOST_FACE_PX * _ENLARGED, retry=False)
    if faces:
        return Ghost(picture, faces[0], layout.ghost, guessed=False)
    if _relief(_cut(page_bgr, layout.ghost)) < _GHOST_RELIEF:
        return None
    return Ghost(picture, _carried_over(main, layout), layout.ghost, guessed=True)


def _enlarged(grey: Picture) -> Picture:
    size = (grey.shape[1] * _ENLARGED, grey.shape[0] * _ENLARGED)
    large = cv2.resize(grey, size, interpolation=cv2.INTER_CUBIC)
    stretched = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(4, 4)).apply(large)
    return cast("Picture", cv2.cvtColor(stretched, cv2.COLOR_GRAY2RGB))


def _relief(bgr: Picture) -> float:
    smooth = cv2.GaussianBlur(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), (0, 0), 4)
    return float(np.std(smooth))


def _carried_over(main: Face, layout: Layout) -> Face:
    # A ghost repeats the main portrait whole, so its face lies in it as the main face lies in the portrait.
    scale = layout.ghost.width / layout.portrait.width * _ENLARGED
    from_x, from_y = layout.portrait.x, layout.portrait.y
    to_x = (layout.ghost.x - layout.ghost_area.x) * _ENLARGED
    to_y = (layout.ghost.y - layout.ghost_area.y) * _ENLARGED
    points = (main.points - (from_x, from_y)) * scale + (to_x, to_y)
    side = round(main.box.width * scale)
    left, top = round((main.box.x - from_x) * scale + to_x), round((main.box.y - from_y) * scale + to_y)
    return Face(Box(left, top, side, side), points.round(), 0.0)


def _cut(picture: Picture, box: Box) -> Picture:
    return picture[box.y : box.y + box.height, box.x : box.x + box.width]
