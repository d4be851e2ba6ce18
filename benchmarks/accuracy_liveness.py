"""Kind `liveness`: do passive cues alone tell a filmed person from a replay? Columns `media, live`, `kind?`.

The challenge, which carries the product's weight, is not asked here: no public recording answers one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.accuracy_faces import picture
from benchmarks.accuracy_report import Figure, Figures, ManifestError, median, read_manifest, share
from benchmarks.accuracy_scores import area_under_curve, equal_error_rate
from verification.vision.clip import UnreadableClip
from verification.vision.face_track import FaceTrack, follow, follow_photo
from verification.vision.liveness import passive_score

__all__ = ["Trial", "figures", "run"]

_STILLS = {".jpg", ".jpeg", ".png", ".webp"}
_ALARM = 1.0


@dataclass(frozen=True, slots=True)
class Trial:
    """One recording's outcome: its truth, its kind, its score (None: no face was found), CPU time in ms."""

    live: bool
    kind: str
    score: float | None
    cpu_ms: float


def run(manifest: Path) -> Figures:
    """Scores each clip's first 15 seconds, or each still.

    Raises:
        ManifestError: The manifest or a recording it names cannot be read.
    """
    rows = read_manifest(manifest, columns=("media", "live"))
    return figures([_trial(manifest.parent / row["media"], row) for row in rows])


def figures(trials: Sequence[Trial]) -> Figures:
    """Makes the figures: missed attacks by kind, false alarms, EER, AUC, faces not found, time."""
    scored = [trial for trial in trials if trial.score is not None]
    live = [-(trial.score or 0.0) for trial in scored if trial.live]
    attacks = [-(trial.score or 0.0) for trial in scored if not trial.live]
    alarms = sum(score <= -_ALARM for score in live)
    rows = (
        *_missed_attacks([trial for trial in scored if not trial.live]),
        share("BPCER at the shipped threshold", alarms, len(live)),
        equal_error_rate(live, attacks),
        area_under_curve("AUC", live, attacks),
        share("no face found", len(trials) - len(scored), len(trials)),
        median("CPU time", [trial.cpu_ms for trial in trials], unit="ms"),
    )
    return Figures("liveness", rows)


def _trial(path: Path, row: dict[str, str]) -> Trial:
    start_s = time.process_time()
    track = _track(path)
    score = passive_score(track) if track.seen.any() else None
    cpu_ms = (time.process_time() - start_s) * 1_000
    return Trial(row["live"].strip() == "1", row.get("kind", ""), score, cpu_ms)


def _track(path: Path) -> FaceTrack:
    if path.suffix.lower() in _STILLS:
        return follow_photo(picture(path))
    try:
        return follow(path.read_bytes(), with_eyes=False)
    except (OSError, UnreadableClip) as error:
        raise ManifestError(f"{path}: no clip can be read there; correct the manifest") from error


def _missed_attacks(attacks: Sequence[Trial]) -> Iterator[Figure]:
    yield _missed("APCER", attacks)
    for kind in sorted({trial.kind for trial in attacks}):
        yield _missed(f"APCER, {kind}", [trial for trial in attacks if trial.kind == kind])


def _missed(name: str, attacks: Sequence[Trial]) -> Figure:
    return share(name, sum((trial.score or 0.0) < _ALARM for trial in attacks), len(attacks))
