"""Which document a picture shows, and which side of it, from layout and colour before anything is read.

It knows how the classes look from afar only: a European licence without a machine readable line looks like a
British one here, and a visa like a passport; what the page says is judged after reading.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np

from verification.vision.grades import Cue
from verification.vision.images import Bgr
from verification.vision.layout import SMALL, Layout, grade_01, layout_of
from verification.vision.page import ID1, TD3, Page, find_page, rectify

__all__ = [
    "Classification",
    "DocumentType",
    "Side",
    "class_features",
    "classify",
    "page_size",
    "straight_page",
]

DocumentType = Literal[
    "uk_driving_licence", "driving_licence", "passport", "identity_card", "residence_permit", "unknown"
]
Side = Literal["front", "back", "unknown"]

# The least values at which a feature counts as nothing, and from which as full. Origin: specimen photographs
# of both classes and the 26 pictures of the mrz manifest.
_PORTRAIT = (15.0, 30.0)
_PINK = (0.12, 0.3)
_EMBLEM = (0.04, 0.12)
_EMBLEM_DARK = (0.1, 0.2)
_ZONE = (27.0, 36.0)
_HEADING = (2.0, 6.0)
_GREY_PAGE = 5.0
_KNOWN = 0.4
_WHOLE_FRAME = 0.8
_LEAST_OPEN = 0.65
_SEEN = 0.7


@dataclass(frozen=True, slots=True)
class Classification:
    """A picture's document: `turned_180` says that its page's corners were renamed to read upright."""

    document_type: DocumentType
    side: Side
    confidence_01: float
    page: Page | None
    turned_180: bool

    def scaled(self, factor: float) -> Classification:
        """The same document in the picture made larger by a factor."""
        return self if self.page is None else replace(self, page=self.page.scaled(factor))


_NOTHING = Classification("unknown", "unknown", 0.0, None, False)


def classify(bgr: Bgr) -> Classification:
    """Says which document the picture (BGR uint8) shows and where its page lies.

    A page that stands sideways, or that is none of the known classes, is `unknown` with its page; a picture
    without a page is `unknown` without one.
    """
    found = find_page(bgr)
    best = _NOTHING if found is None else _opened_or_single(bgr, found)
    if best.document_type == "unknown" and 1.25 < bgr.shape[1] / bgr.shape[0] < 1.75:
        scan = _looked_at(bgr, _whole_frame(bgr))
        if scan.document_type != "unknown" and _fills_the_frame(bgr, scan):
            return replace(scan, confidence_01=_WHOLE_FRAME * scan.confidence_01)
    return best


def _fills_the_frame(bgr: Bgr, scan: Classification) -> bool:
    # A card whose outline was not found on a cluttered desk has roughly a card's layout too, a little off:
    # read as a scan, its fields and its portrait would be looked for in the wrong places.
    page = straight_page(bgr, scan)
    return page is not None and all(cue.status == "clear" for cue in class_features(page, scan.document_type))


def page_size(document_type: DocumentType) -> tuple[int, int]:
    """Width and height in pixels of the class's rectified page."""
    return TD3 if document_type == "passport" else ID1


def straight_page(bgr: Bgr, seen: Classification) -> Bgr | None:
    """The classified page cut out upright at its class's size, or None when there is none to read."""
    if seen.page is None or seen.page.sideways:
        return None
    width, height = page_size(seen.document_type)
    return rectify(bgr, seen.page.corners, width_px=width, height_px=height)


def class_features(page_bgr: Bgr, document_type: DocumentType) -> tuple[Cue, ...]:
    """Whether a rectified page has what its class must have: colours, portrait, fixed places.

    Each score is 0..1, how much of the feature is there; below a half is `not_like_its_class`. A class
    without known features, `unknown` among them, has no cues.
    """
    look = layout_of(np.asarray(cv2.resize(page_bgr, SMALL, interpolation=cv2.INTER_AREA), np.uint8))
    portrait = ("portrait_place", grade_01(look.portrait, *_PORTRAIT))
    zone = ("machine_zone_place", grade_01(look.zone, *_ZONE) * (look.zone_lines >= 2))
    if document_type == "passport":
        return tuple(_feature(name, score) for name, score in (portrait, zone))
    if document_type not in {"uk_driving_licence", "driving_licence"}:
        return ()
    fixed = (
        ("colours", grade_01(look.pink_01, *_PINK)),
        ("emblem_place", grade_01(look.emblem_01, *_EMBLEM)),
        ("heading_place", grade_01(look.heading, *_HEADING)),
    )
    return tuple(_feature(name, score) for name, score in (portrait, *fixed))


def _feature(name: str, score: float) -> Cue:
    if score >= 0.5:
        return Cue(name, "clear", score=score)
    return Cue(name, "caution", ("not_like_its_class",), score)


def _opened_or_single(bgr: Bgr, page: Page) -> Classification:
    # A passport lying open is two pages one above the other; its data page is the half with the machine zone.
    for half in _halves(page) if page.sideways and page.aspect > _LEAST_OPEN else ():
        seen = _looked_at(bgr, half)
        if seen.document_type == "passport":
            return seen
    return _looked_at(bgr, page)


def _halves(page: Page) -> tuple[Page, Page]:
    top_left, top_right, low_right, low_left = page.corners
    left, right = (top_left + low_left) / 2, (top_right + low_right) / 2
    lower = np.array([left, right, low_right, low_left], np.float32)
    upper = np.array([top_left, top_right, right, left], np.float32)
    aspect = 2 * page.aspect
    return Page(lower, page.confidence_01, aspect), Page(upper, page.confidence_01, aspect)


def _looked_at(bgr: Bgr, page: Page) -> Classification:
    if page.sideways:
        return Classification("unknown", "unknown", 0.0, page, False)
    small = _small(bgr, page)
    upright = _class_of(layout_of(small))
    over = _class_of(layout_of(np.ascontiguousarray(small[::-1, ::-1])))
    turned = over[2] > upright[2]
    document_type, side, confidence = over if turned else upright
    confidence *= min(1.0, page.confidence_01 / _SEEN)
    shown = page.turned_180() if turned else page
    if confidence < _KNOWN:
        return Classification("unknown", "unknown", 0.0, page, False)
    return Classification(document_type, side, confidence, shown, turned)


def _small(bgr: Bgr, page: Page) -> Bgr:
    # Halving first keeps fine print from turning into stripes when the page shrinks to a few hundred pixels.
    wide, high = SMALL
    page_px = rectify(bgr, page.corners, width_px=2 * wide, height_px=2 * high)
    return np.asarray(cv2.resize(page_px, SMALL, interpolation=cv2.INTER_AREA), np.uint8)


def _whole_frame(bgr: Bgr) -> Page:
    height, width = bgr.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5
    return Page(corners.astype(np.float32), _SEEN, width / height)


def _class_of(look: Layout) -> tuple[DocumentType, Side, float]:
    zone = grade_01(look.zone, *_ZONE)
    portrait = grade_01(look.portrait, *_PORTRAIT)
    licence = _licence_01(look, portrait)
    if look.zone_lines == 1 and zone * licence >= _KNOWN:
        return "driving_licence", "front", licence
    if look.zone_lines == 3 and zone >= _KNOWN:
        return "identity_card", "back", zone
    if look.zone_lines == 2 and zone * (0.6 + 0.4 * portrait) > licence:
        return "passport", "front", zone * (0.6 + 0.4 * portrait)
    return "uk_driving_licence", "front", licence


def _licence_01(look: Layout, portrait: float) -> float:
    if look.colourful < _GREY_PAGE:
        # A grey copy has the licence's places without its colours: named, so that the copy can be judged.
        dark = grade_01(look.emblem_dark_01, *_EMBLEM_DARK)
        return 0.6 * min(portrait, dark, grade_01(look.heading, *_HEADING))
    return min(portrait, grade_01(look.pink_01, *_PINK), grade_01(look.emblem_01, *_EMBLEM))
