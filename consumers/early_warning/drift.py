"""Has it begun to rise? The Page-Hinkley test (Page 1954), as river has it."""

from __future__ import annotations

from collections.abc import Iterable

from river.drift import PageHinkley

__all__ = ["last_alarm"]

# So many values as usual come first: river compares with the mean so far, which must not be the rise itself.
_AS_USUAL = 30


def last_alarm(values: Iterable[float], *, usual: float, delta: float, threshold: float) -> int | None:
    """Find the last value at which the test said that the mean has risen; None: it never did.

    Args:
        values: in order of time.
        usual: their mean when all is well.
        delta: a rise that is let pass.
        threshold: how much has to add up beyond that; by Siegmund's approximation (Sequential Analysis, 1985)
            a false alarm comes once in 2 · exp(threshold + 1.2) standard normal values at a delta of 0.5.
    """
    found: int | None = None
    test = _fresh(usual, delta, threshold)
    for index, value in enumerate(values):
        test.update(value)  # type: ignore[no-untyped-call]  # river's detectors have no types
        if test.drift_detected:
            found, test = index, _fresh(usual, delta, threshold)
    return found


def _fresh(usual: float, delta: float, threshold: float) -> PageHinkley:
    test = PageHinkley(min_instances=_AS_USUAL, delta=delta, threshold=threshold, alpha=1.0, mode="up")
    for _ in range(_AS_USUAL):
        test.update(usual)  # type: ignore[no-untyped-call]  # river's detectors have no types
    return test
