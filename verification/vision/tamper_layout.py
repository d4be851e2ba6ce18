"""Where a document of a known class carries its portrait, its ghost image and its fields, in page pixels."""

from __future__ import annotations

from dataclasses import dataclass

from verification.vision.grades import Box

__all__ = ["Layout", "layout_of"]


@dataclass(frozen=True, slots=True)
class Layout:
    """The fixed places of one class, in pixels of its rectified page (1600 wide).

    `ghost_area` is where the ghost image is looked for, `ground` a stretch of printed background without
    portrait, `rows` the values of the printed fields, all in one typeface. `must_have_ghost` says that its
    absence is remarkable. `chroma` is the usual median chroma (CIE Lab) of the page, None where the class has
    no own tint.
    """

    portrait: Box
    ghost: Box
    ghost_area: Box
    ground: Box
    rows: tuple[Box, ...]
    must_have_ghost: bool
    chroma: float | None


def layout_of(document_type: str) -> Layout | None:
    """Gives the layout of a document class, or None where its layout is not known."""
    return _LAYOUTS.get(document_type)


def _row(baseline: int, size: int) -> Box:
    return Box(610, baseline - size - 6, 766, size + 26)


_LICENCE_ROWS = (
    (218, 46),
    (286, 42),
    (366, 42),
    (434, 42),
    (502, 42),
    (580, 46),
    (748, 38),
    (800, 38),
    (880, 36),
)

_LAYOUTS = {
    "uk_driving_licence": Layout(
        portrait=Box(60, 225, 430, 553),
        ghost=Box(1385, 470, 150, 193),
        ghost_area=Box(1330, 400, 270, 340),
        ground=Box(560, 690, 820, 310),
        rows=tuple(_row(baseline, size) for baseline, size in _LICENCE_ROWS),
        must_have_ghost=True,
        chroma=11.5,
    ),
    "passport": Layout(
        portrait=Box(70, 225, 430, 553),
        ghost=Box(1370, 560, 150, 193),
        ghost_area=Box(1310, 490, 280, 340),
        ground=Box(560, 620, 800, 270),
        rows=(),
        must_have_ghost=False,
        chroma=None,
    ),
}
