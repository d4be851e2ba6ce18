"""A picture's class is told before it is read, upside down too, and nothing is made into a licence."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.specimens.camera import Shot
from tests.specimens.portraits import NAMES, portrait
from tests.vision.pictures import Kind, corners, empty, flat, picture
from verification.vision.classify import class_features, classify, page_size, straight_page
from verification.vision.page import Page

OVER = Shot(background="dark", turn_degrees=180)
TYPES: dict[Kind, str] = {"licence": "uk_driving_licence", "passport": "passport"}


@pytest.mark.parametrize("kind", TYPES)
def test_both_specimen_classes_are_told_from_their_layout(kind: Kind) -> None:
    seen = classify(picture(kind))
    assert (seen.document_type, seen.side, seen.turned_180) == (TYPES[kind], "front", False)
    assert seen.confidence_01 > 0.9


@pytest.mark.parametrize("kind", TYPES)
def test_a_document_upside_down_is_straightened_upright(kind: Kind) -> None:
    photo = picture(kind, 1, OVER)
    seen = classify(photo)
    page = straight_page(photo, seen)
    assert seen.turned_180
    assert page is not None
    printed = flat(kind)[..., ::-1]
    assert page.shape == printed.shape
    assert float(np.median(np.abs(page.astype(int) - printed.astype(int)))) < 20


def test_a_document_seen_at_half_the_size_is_told_and_lies_where_it_lies_in_the_whole_picture() -> None:
    photo = picture("licence", 5)
    half = np.asarray(cv2.resize(photo, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)

    seen = classify(half).scaled(2.0)

    assert seen.document_type == "uk_driving_licence"
    assert seen.page is not None
    assert float(np.linalg.norm(seen.page.corners - corners("licence", 5), axis=1).max()) < 4


def test_a_picture_without_a_page_has_none_at_any_scale() -> None:
    assert classify(empty("dark")).scaled(2.0).page is None


def test_a_sideways_photograph_is_unknown_and_has_no_straight_page() -> None:
    photo = picture("licence", 1, Shot(background="dark", turn_degrees=90))
    seen = classify(photo)
    assert seen.document_type == "unknown"
    assert straight_page(photo, seen) is None


def test_the_data_page_of_a_passport_lying_open_is_its_lower_half() -> None:
    page = flat("passport")[..., ::-1]
    cover = np.full_like(page, (212, 220, 216))
    desk = np.full((3000, 2200, 3), 40, np.uint8)
    desk[300:2552, 300:1900] = np.vstack([cover, page])
    seen = classify(desk)
    straight = straight_page(desk, seen)
    assert (seen.document_type, seen.turned_180) == ("passport", False)
    assert straight is not None
    assert float(np.median(np.abs(straight.astype(int) - page.astype(int)))) < 20


def test_a_desk_without_a_document_is_unknown_without_a_page() -> None:
    seen = classify(empty("dark"))
    assert (seen.document_type, seen.page) == ("unknown", None)


def test_papers_on_a_cluttered_desk_are_no_document() -> None:
    assert classify(empty("cluttered")).document_type == "unknown"


@pytest.mark.parametrize("name", NAMES)
def test_a_persons_photograph_is_no_document(name: str) -> None:
    seen = classify(np.ascontiguousarray(portrait(name)[..., ::-1]))
    assert seen.document_type == "unknown"


def test_a_scan_that_is_nothing_but_the_page_is_told_too() -> None:
    seen = classify(np.ascontiguousarray(flat("passport")[..., ::-1]))
    assert seen.document_type == "passport"


def test_a_grey_copy_is_told_with_doubt_and_lacks_its_colours() -> None:
    photo = picture("grey_copy")
    seen = classify(photo)
    page = straight_page(photo, seen)
    assert seen.document_type == "uk_driving_licence"
    assert seen.confidence_01 < 0.7
    assert page is not None
    lacking = {cue.name for cue in class_features(page, seen.document_type) if cue.reasons}
    assert lacking == {"colours", "emblem_place"}


@pytest.mark.parametrize("kind", TYPES)
def test_a_genuine_page_has_everything_of_its_class(kind: Kind) -> None:
    photo = picture(kind)
    page = straight_page(photo, classify(photo))
    assert page is not None
    cues = class_features(page, "passport" if kind == "passport" else "uk_driving_licence")
    assert {cue.status for cue in cues} == {"clear"}


def test_a_passport_called_a_licence_is_not_like_its_class() -> None:
    cues = class_features(np.ascontiguousarray(flat("passport")[..., ::-1]), "uk_driving_licence")
    assert ("not_like_its_class",) in {cue.reasons for cue in cues}


def test_an_unknown_class_has_no_features_to_lack() -> None:
    assert class_features(np.zeros((1010, 1600, 3), np.uint8), "unknown") == ()


def test_cards_and_passport_pages_have_sizes_of_their_own() -> None:
    assert (page_size("identity_card"), page_size("passport")) == ((1600, 1010), (1600, 1126))


def test_a_page_whose_place_is_known_is_cut_as_classified() -> None:
    seen = classify(picture("licence"))
    known = Page(corners("licence"), 1.0, 1.58)
    assert seen.page is not None
    assert np.allclose(seen.page.corners, known.corners, atol=4)
