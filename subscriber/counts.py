"""What became of a subscriber's events since its process began; `skips` keeps in rows what it passed over."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Counts"]


@dataclass(slots=True)
class Counts:
    """What became of the events: nothing is skipped without being counted.

    `waits` are tries that `NotNow` put off: the key waits for what is away, neither poison nor parked.
    `repeated` came again and were known by their position, `strays` are no events of ours, `handed_over` were
    under way when another process took their partition, `missing` were removed before they were read.
    """

    handled: int = 0
    unknown: int = 0
    too_old: int = 0
    parked: int = 0
    buried: int = 0
    waits: int = 0
    repeated: int = 0
    strays: int = 0
    handed_over: int = 0
    missing: int = 0
