"""Which streams the log is of: every one that is journalled, by the catalogue; no list here."""

from __future__ import annotations

from typing import Final

from protocol.catalogue import STREAMS, Lane

__all__ = ["FOLLOWED"]

# Best effort is not in the journal: it may be lost, so a log of it would prove nothing.
FOLLOWED: Final = tuple(stream.name for stream in STREAMS if stream.lane is not Lane.BEST_EFFORT)
