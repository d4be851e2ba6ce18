"""A step's work that takes too long, for a vision process to import."""

from __future__ import annotations

import time

from verification.pipeline.looks_document import PortraitGiven, PortraitSeen, look_at_portrait

__all__ = ["ASLEEP_S", "look_slowly"]

ASLEEP_S = 5.0


def look_slowly(wanted: PortraitGiven) -> PortraitSeen:
    """Sleep, then look for the portrait."""
    time.sleep(ASLEEP_S)
    return look_at_portrait(wanted)
