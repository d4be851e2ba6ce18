"""The types of documents that a front is told to be of (the public contract's list)."""

from __future__ import annotations

from typing import Final

__all__ = ["DOCUMENT_TYPES"]

DOCUMENT_TYPES: Final = (
    *("uk_driving_licence", "driving_licence", "passport", "identity_card", "residence_permit"),
    "unknown",
)
