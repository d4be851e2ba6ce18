"""The straight page of a manifest's picture, as the product's own steps cut it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2

from verification.vision.classify import classify, straight_page
from verification.vision.faces import Picture

__all__ = ["CutPage", "page_of"]


@dataclass(frozen=True, slots=True, eq=False)
class CutPage:
    """A rectified page, BGR; `found` is False where none was seen, and the whole picture stands for it."""

    bgr: Picture
    document_type: str
    found: bool

    @property
    def rgb(self) -> Picture:
        """The page as RGB."""
        return cast("Picture", cv2.cvtColor(self.bgr, cv2.COLOR_BGR2RGB))


def page_of(rgb: Picture) -> CutPage:
    """Cuts the document's page out of a picture, RGB."""
    bgr = cast("Picture", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    seen = classify(bgr)
    page = straight_page(bgr, seen)
    if page is None:
        return CutPage(bgr, "unknown", found=False)
    return CutPage(page, seen.document_type, found=True)
