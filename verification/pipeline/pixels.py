"""What a vision process keeps decoded, so that the next step on the same picture need not begin again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from verification.evidence_store import EvidenceMissing, EvidenceStore
from verification.vision import images, page
from verification.vision.classify import DocumentType, page_size

__all__ = ["Held", "PageGiven", "Pixels", "kept_aside"]

# Originals of 12 megapixels are 36 MB each, pages 5 MB: a process stays under 250 MB of pixels.
_KEPT_BYTES = 200_000_000

T = TypeVar("T")
_aside: ContextVar[str] = ContextVar("aside", default="")


@dataclass(frozen=True, slots=True)
class Held:
    """A piece of evidence, and the key that opens it; travels to a vision process and nowhere else.

    Within `kept_aside` nothing is written where evidence lies, and what was written aside is read.
    """

    evidence_id: str
    folder: str
    key: bytes = field(repr=False)

    def read(self) -> bytes:
        """Open the file and check it."""
        if aside := _aside.get():
            with suppress(EvidenceMissing):
                return EvidenceStore(Path(aside)).open(self.evidence_id, self.key)
        return EvidenceStore(Path(self.folder)).open(self.evidence_id, self.key)

    def write(self, data: bytes) -> None:
        """Keep derived evidence; written again, the same."""
        EvidenceStore(Path(_aside.get() or self.folder)).put(self.evidence_id, data, self.key)


@contextmanager
def kept_aside(folder: str) -> Iterator[None]:
    """Have derived evidence written to another folder, and looked for there first."""
    token = _aside.set(folder)
    try:
        yield
    finally:
        _aside.reset(token)


@dataclass(frozen=True, slots=True)
class PageGiven:
    """A page as steps are given it: the original, and where on it the document lies (TL, TR, BR, BL)."""

    original: Held
    corners_px: tuple[float, ...]
    document_type: DocumentType


class Pixels:
    """Decoded pictures of this process, the least used dropped first."""

    def __init__(self, kept_bytes: int = _KEPT_BYTES) -> None:
        self._kept_bytes = kept_bytes
        self._kept: OrderedDict[tuple[str, str], tuple[object, int]] = OrderedDict()

    def original(self, held: Held) -> NDArray[np.uint8]:
        """Decode a picture upright: (H, W, 3) BGR uint8."""
        return self.once(held.evidence_id, "original", lambda: images.decode(held.read()), lambda a: a.nbytes)

    def page(self, given: PageGiven) -> NDArray[np.uint8]:
        """Cut a document's page straight: (H, W, 3) BGR uint8 of its class's size."""
        width_px, height_px = page_size(given.document_type)
        corners = np.asarray(given.corners_px, dtype=np.float32).reshape(4, 2)

        def cut() -> NDArray[np.uint8]:
            return page.rectify(
                self.original(given.original), corners, width_px=width_px, height_px=height_px
            )

        return self.once(given.original.evidence_id, "page", cut, lambda a: a.nbytes)

    def once(self, evidence_id: str, what: str, make: Callable[[], T], size: Callable[[T], int]) -> T:
        """Make something of a piece of evidence, or give what was made of it before."""
        at = (evidence_id, what)
        if at in self._kept:
            self._kept.move_to_end(at)
            return self._kept[at][0]  # type: ignore[return-value]  # what is kept under `what` has its type
        made = make()
        self._kept[at] = (made, size(made))
        while sum(n for _, n in self._kept.values()) > self._kept_bytes and len(self._kept) > 1:
            self._kept.popitem(last=False)
        return made
