"""What is said of an uploaded file, by whoever decodes it to whoever must not.

Limits: the public contract (API.md, Submitting).
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Inspected", "Refusal", "size_limit"]

_PICTURE_BYTES = 25_000_000
_CLIP_BYTES = 60_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What a file is; sizes of the upright picture in pixels, `duration_ms` 0 for a picture."""

    media_type: str
    width_px: int
    height_px: int
    duration_ms: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file is not taken: a code of the problem table, and what to do."""

    code: str
    detail: str


def size_limit(kind: str) -> int:
    """Tell how many bytes a kind of evidence may have."""
    return _CLIP_BYTES if kind == "face_video" else _PICTURE_BYTES
