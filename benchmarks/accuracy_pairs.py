"""Figures of face pairs, whichever pictures they come from: accepts and rejects at rates and at our bands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.accuracy_report import Figure, median, share
from benchmarks.accuracy_scores import area_under_curve, equal_error_rate, true_accepts_at
from verification.vision.bands import FACE_MATCH

__all__ = ["Pair", "pair_figures"]


@dataclass(frozen=True, slots=True)
class Pair:
    """One compared pair; `distance` is None where a picture showed no face, `cpu_ms` is for both pictures."""

    same: bool
    group: str
    distance: float | None
    cpu_ms: float


def pair_figures(pairs: Sequence[Pair]) -> tuple[Figure, ...]:
    """Makes every figure of the pairs: rates, bands, bands by group, pairs without a face, and time."""
    same, other = _distances(pairs, same=True), _distances(pairs, same=False)
    genuine, impostor = [-d for d in same], [-d for d in other]
    lost = sum(pair.distance is None for pair in pairs)
    return (
        true_accepts_at(0.01, genuine, impostor),
        true_accepts_at(0.001, genuine, impostor),
        equal_error_rate(genuine, impostor),
        area_under_curve("AUC", genuine, impostor),
        *_at_bands(same, other, ""),
        *(figure for group in _groups(pairs) for figure in _of_group(pairs, group)),
        share("pairs without a face found", lost, len(pairs)),
        median("CPU time a pair", [pair.cpu_ms for pair in pairs], unit="ms"),
    )


def _groups(pairs: Sequence[Pair]) -> list[str]:
    return sorted({pair.group for pair in pairs if pair.group})


def _of_group(pairs: Sequence[Pair], group: str) -> tuple[Figure, ...]:
    members = [pair for pair in pairs if pair.group == group]
    return _at_bands(_distances(members, same=True), _distances(members, same=False), f" ({group})")


def _distances(pairs: Sequence[Pair], *, same: bool) -> list[float]:
    return [pair.distance for pair in pairs if pair.same == same and pair.distance is not None]


def _at_bands(same: Sequence[float], other: Sequence[float], suffix: str) -> tuple[Figure, ...]:
    clear, caution = FACE_MATCH.clear, FACE_MATCH.caution
    return (
        share(f"same, clear{suffix}", sum(d <= clear for d in same), len(same)),
        share(f"same, suspected: false reject{suffix}", sum(d > caution for d in same), len(same)),
        share(f"different, clear: false accept{suffix}", sum(d <= clear for d in other), len(other)),
        share(f"different, not suspected{suffix}", sum(d <= caution for d in other), len(other)),
    )
