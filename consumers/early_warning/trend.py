"""Level and trend of the newest durations, both by medians: a few wild ones move neither."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from statistics import median
from typing import Final

from consumers.early_warning.seeing import Seen

__all__ = ["level_now", "level_of", "rise_since", "slope_ms_per_min"]

# The slope's pairs grow with the square: 40 points are 780 of them.
_POINTS: Final = 40
# Over a shorter time a slope is noise.
_SHORTEST_US: Final = 15 * 1_000_000
_AT_ONCE: Final = 5
_US_PER_MIN: Final = 60_000_000


def level_of(tries: Sequence[Seen], at_us: int, *, newest: int, fewest: int, fresh_us: int) -> float:
    """Give the median of the newest durations, ms; 0: there are too few that are fresh.

    Args:
        tries: oldest first.
        at_us: the moment.
        newest: of how many.
        fewest: how many there must be.
        fresh_us: how old they may be.
    """
    fresh = [seen.ms for seen in tries[-newest:] if seen.at_us > at_us - fresh_us]
    return median(fresh) if len(fresh) >= fewest else 0.0


def level_now(tries: Sequence[Seen], slope: float) -> float:
    """Give where the trend has come to with the newest try, ms: a median lags behind what rises.

    Args:
        tries: since it rises, oldest first, one at least.
        slope: ms a minute.
    """
    newest = tries[-_POINTS:]
    end_us = newest[-1].at_us
    return median(seen.ms + slope * (end_us - seen.at_us) / _US_PER_MIN for seen in newest)


def rise_since(tries: Sequence[Seen], above_ms: float) -> int:
    """Find the try after which the median of five has stayed above a duration; 0: it did all the time."""
    for index in range(len(tries), _AT_ONCE - 1, -1):
        if median(seen.ms for seen in tries[index - _AT_ONCE : index]) <= above_ms:
            return min(index, len(tries) - 1)
    return 0


def slope_ms_per_min(tries: Sequence[Seen]) -> float:
    """Give the median of the slopes between all pairs (Theil 1950, Sen 1968), ms a minute; 0: too few."""
    thinned = tries[:: -(-len(tries) // _POINTS)] if tries else tries
    if len(tries) < _AT_ONCE or tries[-1].at_us - tries[0].at_us < _SHORTEST_US:
        return 0.0
    slopes = [(b.ms - a.ms) / (b.at_us - a.at_us) for a, b in combinations(thinned, 2) if b.at_us > a.at_us]
    return median(slopes) * _US_PER_MIN if slopes else 0.0
