"""Kind `mrz`: is the machine readable zone read whole, and never falsely? Columns `image, mrz`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.accuracy_report import Figure, Figures, ManifestError, count, median, read_manifest, share
from verification.vision.mrz_reader import read, warm_up

__all__ = ["ZoneRead", "edit_distance", "run", "zone_figures"]


@dataclass(frozen=True, slots=True)
class ZoneRead:
    """One picture's truth and what was read (lines joined by `|`, empty: none), and the CPU time."""

    truth: str
    read: str
    check_digits_ok: bool
    cpu_ms: float

    @property
    def is_false(self) -> bool:
        """Whether every check digit agrees with a text that is not printed there."""
        return self.check_digits_ok and self.read != self.truth


def run(manifest: Path) -> Figures:
    """Reads the zone of every picture of a manifest.

    Raises:
        ManifestError: The manifest or a picture it names cannot be read.
    """
    rows = read_manifest(manifest, columns=("image", "mrz"))
    warm_up()
    return Figures("mrz", zone_figures([_zone(manifest.parent / row["image"], row["mrz"]) for row in rows]))


def zone_figures(zones: Sequence[ZoneRead]) -> tuple[Figure, ...]:
    """Makes the figures: whole zones, characters, false readings, time; pictures without a zone apart."""
    printed = [zone for zone in zones if zone.truth]
    empty = [zone for zone in zones if not zone.truth]
    characters = sum(len(zone.truth.replace("|", "")) for zone in printed)
    errors = sum(edit_distance(zone.read.replace("|", ""), zone.truth.replace("|", "")) for zone in printed)
    return (
        share("whole zone right", sum(zone.read == zone.truth for zone in printed), len(printed)),
        share("character error rate", min(errors, characters), characters),
        share("false readings: digits right, text wrong", sum(zone.is_false for zone in zones), len(zones)),
        count("of them with a zone where none is", sum(zone.is_false for zone in empty), len(empty)),
        share("zones not found", sum(not zone.read for zone in printed), len(printed)),
        median("CPU time a picture", [zone.cpu_ms for zone in zones], unit="ms"),
    )


def edit_distance(a: str, b: str) -> int:
    """Counts the fewest insertions, deletions and substitutions that turn `a` into `b` (Levenshtein 1966)."""
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (left != right))
    return row[-1]


def _zone(path: Path, truth: str) -> ZoneRead:
    # OpenCV's own decoder: the reader is measured here, also on files that no upload may be.
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise ManifestError(f"{path}: no picture can be read there; correct the manifest")
    start_s = time.process_time()
    zone = read(np.asarray(bgr, np.uint8))
    cpu_ms = (time.process_time() - start_s) * 1000
    return ZoneRead(
        truth, "|".join(zone.lines) if zone else "", zone is not None and zone.check_digits_ok, cpu_ms
    )
