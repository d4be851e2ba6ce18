"""Spares the garbage collector what a process that follows events will never let go."""

from __future__ import annotations

import gc
from typing import Final

__all__ = ["keep_loaded"]

# Events and their rows are tens of thousands of small tuples a batch, none of them in a circle.
_LOOK_AFTER: Final = 100_000


def keep_loaded() -> None:
    """Take everything that is there now out of the collector's sight, and have it look more seldom.

    Call it once, when a process has loaded what it needs and begins to follow, carry or replay. Django alone
    has some hundred thousand objects that stay; walking over those again and again takes a third of a replay.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_LOOK_AFTER)
