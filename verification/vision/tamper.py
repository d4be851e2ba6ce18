"""Was the document tampered with? Five cues of a page, each of which sees one kind of attack.

`ghost_match` (the portrait was exchanged), `portrait_edges` (it was stuck on or laid in), `text_edit` (a
field was changed), `screen` and `print` (the picture shows an image of the document); `portrait` says whether
there is one. Only the first is biometric.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from verification.vision.bands import grade_distance
from verification.vision.faces import Picture, distance_l2
from verification.vision.grades import Cue
from verification.vision.portrait import Portrait, PortraitEmbeddings, portrait_cue
from verification.vision.tamper_bands import (
    GHOST_MATCH,
    LEAST_NOISE,
    MOST_HALO,
    STRONG_GHOST,
    STRONG_HALO,
    STRONG_NOISE,
)
from verification.vision.tamper_copies import fine_pattern, print_cue, screen_cue
from verification.vision.tamper_edges import halo, noise_ratio
from verification.vision.tamper_layout import Layout, layout_of
from verification.vision.tamper_text import text_cue

__all__ = ["judge"]


def judge(
    page_bgr: Picture, portrait: Portrait, *, document_type: str, embeddings: PortraitEmbeddings | None
) -> tuple[Cue, ...]:
    """Judges a rectified page, BGR (1010 or 1126, 1600, 3); about 60 ms without the embeddings.

    `embeddings` are those of `embed_portrait`, made once for this and for the face match; None says that no
    basis for biometric work is recorded, and only the ghost's comparison is then unavailable.
    """
    layout = layout_of(document_type)
    grey = np.asarray(cv2.cvtColor(page_bgr, cv2.COLOR_BGR2GRAY), np.uint8)
    peak = fine_pattern(grey)
    copies = (screen_cue(peak), print_cue(page_bgr, peak, layout))
    copied = any(cue.status == "suspected" for cue in copies)
    ghost = _ghost_cue(portrait, layout, embeddings)
    edges, strong_edges = _edges_cue(grey, layout, copied=copied)
    if strong_edges and ghost.status == "suspected" and (ghost.score or 0) >= STRONG_GHOST:
        ghost, edges = replace(ghost, status="rejected"), replace(edges, status="rejected")
    return (portrait_cue(portrait), ghost, edges, text_cue(page_bgr, layout, copied=copied), *copies)


def _ghost_cue(portrait: Portrait, layout: Layout | None, embeddings: PortraitEmbeddings | None) -> Cue:
    """Grades the distance between the main portrait and its ghost image, which is the score."""
    name, box = "ghost_match", portrait.ghost_box
    if layout is None or portrait.main is None:
        return Cue(name, "not_applicable") if layout is None else Cue(name, "unavailable", ("no_face",))
    if portrait.ghost is None:
        missed = ("caution", ("not_like_its_class",)) if layout.must_have_ghost else ("not_applicable", ())
        return Cue(name, *missed)
    if embeddings is None or embeddings.ghost is None:
        return Cue(name, "unavailable", ("no_biometric_basis",), box=box)
    distance = distance_l2(embeddings.main, embeddings.ghost)
    status = grade_distance(distance, GHOST_MATCH)
    if status == "clear":
        return Cue(name, status, (), distance, box)
    # A ghost whose face was not detected is compared by its place only: too little for a suspicion.
    if status == "caution" or portrait.ghost.guessed:
        return Cue(name, "caution", ("not_like_its_class",), distance, box)
    return Cue(name, status, ("portrait_substituted",), distance, box)


def _edges_cue(grey: Picture, layout: Layout | None, *, copied: bool) -> tuple[Cue, bool]:
    """Grades halo and noise, and says whether either is strong; the score is the worse over its bar."""
    if layout is None:
        return Cue("portrait_edges", "not_applicable"), False
    shadow = halo(grey, layout)
    # A screen's or printer's pattern fills the noise of flat ground, not of a portrait: no comparison then.
    noise = 1.0 if copied else noise_ratio(grey, layout)
    score = max(shadow / MOST_HALO, LEAST_NOISE / max(noise, 1e-6) if noise < LEAST_NOISE else 0.0)
    strong = shadow >= STRONG_HALO or noise <= STRONG_NOISE
    if score < 1:
        return Cue("portrait_edges", "clear", (), score, layout.portrait), strong
    return Cue("portrait_edges", "suspected", ("portrait_substituted",), score, layout.portrait), strong
