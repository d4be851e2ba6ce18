"""What is usual: a histogram of the durations of the last days, and how unusual a duration is against it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from statistics import NormalDist
from typing import Final

__all__ = ["AGE_US", "DAYS_US", "FAILED", "SLOT_US", "Usual", "bucket_of", "slot_of"]

# Counts are kept for slots of ten minutes and added up over seven days: weekends and nights are in it.
SLOT_US: Final = 10 * 60 * 1_000_000
DAYS_US: Final = 7 * 24 * 3_600 * 1_000_000
# A slot counts as usual when it ended ten minutes ago: what is beginning now must not become usual meanwhile.
AGE_US: Final = SLOT_US
# Buckets grow by 5 %: a quantile is right to 2.5 %, and 1 ms to 200 s are 251 of them.
_GROWTH: Final = math.log(1.05)
_LAST: Final = 250
# The bucket of tries that failed.
FAILED: Final = -1
# With fewer, nothing is said to be usual: one in thirty is the finest share that thirty can show.
_FEWEST: Final = 30
# No single duration is stronger evidence than this.
_LEAST_Z, _MOST_Z = -2.0, 5.0
# The 95th percentile of a standard normal distribution.
_Z95: Final = 1.645


def bucket_of(ms: float) -> int:
    """Give the bucket of a duration."""
    return min(_LAST, int(math.log(max(ms, 1.0)) / _GROWTH))


def slot_of(at_us: int) -> int:
    """Give the beginning of the slot that a moment lies in."""
    return at_us // SLOT_US * SLOT_US


class Usual:
    """The durations of the last days; `counts` has how many lay in each bucket, failures in `FAILED`."""

    def __init__(self, counts: Mapping[int, int]) -> None:
        self._counts = sorted((bucket, n) for bucket, n in counts.items() if n > 0 and bucket != FAILED)
        self._n = sum(n for _, n in self._counts)
        self._failed = max(0, counts.get(FAILED, 0))

    @property
    def known(self) -> bool:
        """Whether enough was seen to say what is usual."""
        return self._n >= _FEWEST

    @property
    def failed_01(self) -> float:
        """The usual share of failures; one more failure than seen is assumed, and none when nothing was."""
        tries = self._n + self._failed
        return (self._failed + 1) / (tries + 100) if tries else 0.01

    @cached_property
    def middle_ms(self) -> float:
        """The median, ms; 0: not known."""
        return self.quantile(0.5)

    @cached_property
    def spread(self) -> float:
        """How many times the median the 95th percentile is, at least 1."""
        return max(1.0, self.quantile(0.95) / self.middle_ms) if self.known else 1.0

    def quantile(self, share_01: float) -> float:
        """Give the duration that a share of all stay below, ms; 0: not known."""
        if not self.known:
            return 0.0
        left = share_01 * self._n
        for bucket, n in self._counts:
            left -= n
            if left <= 0:
                return math.exp((bucket + 0.5) * _GROWTH)
        return math.exp((self._counts[-1][0] + 0.5) * _GROWTH)

    def z(self, ms: float) -> float:
        """Say how unusual a duration is, as a standard normal value: 0 the middle, 1.6 one in twenty.

        By its rank (probability integral transform), so that the shape of the durations does not matter;
        beyond all that was seen, by how far beyond it lies, on the scale of the logarithm's own spread.
        """
        bucket = bucket_of(ms)
        return self._scores[bucket] if bucket in self._scores else self._score(bucket)

    @cached_property
    def _scores(self) -> dict[int, float]:
        return {bucket: self._score(bucket) for bucket, _ in self._counts}

    def _score(self, bucket: int) -> float:
        below = sum(n for other, n in self._counts if other < bucket)
        here = sum(n for other, n in self._counts if other == bucket)
        half = 0.5 / self._n
        rank = min(1 - half, max(half, (below + here / 2) / self._n))
        beyond = max(0, bucket - self._counts[-1][0]) * _GROWTH / max(_GROWTH, math.log(self.spread) / _Z95)
        return min(_MOST_Z, max(_LEAST_Z, NormalDist().inv_cdf(rank) + beyond))
