"""The product's way to a face's template, for the journal door: set when the product starts.

The door belongs to the events; evidence belongs to whoever keeps it. A product without faces sets none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

__all__ = ["NoTemplate", "ReadTemplate", "face_template", "templates_from"]

ReadTemplate: TypeAlias = Callable[[str, bytes], bytes]
_read: ReadTemplate | None = None


class NoTemplate(LookupError):
    """No template is kept of that evidence."""


def templates_from(read: ReadTemplate | None) -> ReadTemplate | None:
    """Set what gives the template of the face in a piece of evidence, opened with the applicant's key.

    Args:
        read: `read(evidence_id, key)` raises `NoTemplate`; None: there are none.

    Returns:
        What was set before.
    """
    global _read
    before, _read = _read, read
    return before


def face_template(evidence_id: str, key: bytes) -> bytes:
    """Give the template of the face in a piece of evidence, as the product keeps it.

    Raises:
        NoTemplate: there is none.
    """
    if _read is None:
        raise NoTemplate("this product keeps no templates of faces")
    return _read(evidence_id, key)
