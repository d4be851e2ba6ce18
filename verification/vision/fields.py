"""What a reader says it has read: one named value of a document, with where it stood."""

from __future__ import annotations

from dataclasses import dataclass

from verification.vision.grades import Box

__all__ = ["Field"]


@dataclass(frozen=True, slots=True)
class Field:
    """One value read from a page.

    `name` is a field name of the public contract, `value` is in its form (dates are ISO 8601),
    `confidence_01` is the reader's own belief, `box` lies in pixels of the page that was read
    (None: the value was derived from several places).
    """

    name: str
    value: str
    confidence_01: float
    box: Box | None = None
