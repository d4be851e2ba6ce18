"""The portrait: main face and ghost image, and what is said when one is missing."""

from __future__ import annotations

import numpy as np
import pytest

from tests.specimens.documents import GHOST_BOX, PORTRAIT_BOX
from tests.vision.pages import page
from verification.vision.faces import distance_l2
from verification.vision.grades import Box
from verification.vision.portrait import embed_portrait, find_portrait, portrait_cue


def _inside(inner: Box, outer: Box) -> bool:
    right, bottom = inner.x + inner.width, inner.y + inner.height
    within = right <= outer.x + outer.width and bottom <= outer.y + outer.height
    return within and inner.x >= outer.x and inner.y >= outer.y


@pytest.mark.parametrize("holder", ["a", "b"])
def test_the_main_face_is_the_large_one_and_not_the_ghost(holder: str) -> None:
    portrait = find_portrait(page("genuine", "b" if holder == "b" else "a"), "uk_driving_licence")
    assert portrait.main is not None
    assert _inside(portrait.main.box, Box(*PORTRAIT_BOX))
    assert portrait.faces_count == 1


def test_the_ghost_is_found_at_its_place() -> None:
    portrait = find_portrait(page("genuine"), "uk_driving_licence")
    assert portrait.ghost is not None
    assert not portrait.ghost.guessed
    assert portrait.ghost_box == Box(*GHOST_BOX)


def test_ghost_and_portrait_of_a_genuine_page_are_alike() -> None:
    for kind, name in (("genuine", "uk_driving_licence"), ("passport", "passport")):
        shown = page("passport") if kind == "passport" else page("genuine")
        embeddings = embed_portrait(shown, find_portrait(shown, name))
        assert embeddings is not None
        assert embeddings.ghost is not None
        assert distance_l2(embeddings.main, embeddings.ghost) < 0.58


def test_a_licence_without_a_ghost_has_none() -> None:
    portrait = find_portrait(page("ghost_missing"), "uk_driving_licence")
    assert portrait.main is not None
    assert portrait.ghost is None
    assert portrait.ghost_box is None


def test_a_ghost_whose_face_is_not_detected_is_placed_from_the_portrait() -> None:
    portrait = find_portrait(page("paper"), "uk_driving_licence")
    assert portrait.ghost is not None
    assert portrait.ghost.guessed
    assert portrait.ghost.face.points[:4, 1].max() < portrait.ghost.face.points[4, 1]


def test_an_empty_page_shows_no_portrait() -> None:
    empty = np.full((1010, 1600, 3), 200, np.uint8)
    portrait = find_portrait(empty, "uk_driving_licence")
    assert portrait_cue(portrait).reasons == ("no_face",)
    assert embed_portrait(empty, portrait) is None


def test_a_second_face_of_a_portraits_size_is_a_caution() -> None:
    shown = page("genuine").copy()
    x, y, width, height = PORTRAIT_BOX
    shown[y : y + height, 800 : 800 + width] = shown[y : y + height, x : x + width]
    portrait = find_portrait(shown, "uk_driving_licence")
    assert portrait_cue(portrait).reasons == ("two_faces",)
    assert portrait.main is not None
    assert _inside(portrait.main.box, Box(x, y, width, height))


def test_a_class_of_unknown_layout_has_a_main_face_but_no_ghost() -> None:
    portrait = find_portrait(page("genuine"), "identity_card")
    assert portrait.main is not None
    assert portrait.ghost is None
