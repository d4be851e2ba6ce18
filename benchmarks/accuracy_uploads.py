"""Kind `uploads`: is every file taken, or refused with a code, without a crash? Column `file`."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.accuracy_report import Figure, Figures, ManifestError, count, median, read_manifest, share
from verification.inspection import Inspector
from verification.uploads import Inspected, Refusal

__all__ = ["Judged", "judge_file", "run"]


@dataclass(frozen=True, slots=True)
class Judged:
    """One file: accepted, or the code it was refused with; the time it took; the process's peak memory."""

    name: str
    answer: str
    took_ms: float
    peak_mb: float
    crashed: bool


def run(manifest: Path) -> Figures:
    """Judges the files of a manifest, pictures as a document's front and clips as a face.

    Raises:
        ManifestError: The manifest, or a file it names, cannot be read.
    """
    rows = read_manifest(manifest, columns=("file",))
    inspector = Inspector()
    judged = [judge_file(inspector, manifest.parent / row["file"]) for row in rows]
    inspector.close()
    return Figures("uploads", (*_each(judged), *_all(judged)))


def judge_file(inspector: Inspector, path: Path) -> Judged:
    """Judges one file in a process that may die.

    Raises:
        ManifestError: The file cannot be read.
    """
    if not path.is_file():
        raise ManifestError(f"{path}: no file can be read there; correct the manifest")
    before = inspector.start()
    Path(f"/proc/{before}/clear_refs").write_text("5")
    start_s = time.perf_counter()
    found = _inspect(inspector, path)
    took_ms = (time.perf_counter() - start_s) * 1000
    crashed = inspector.pid != before
    answer = "accepted" if isinstance(found, Inspected) else found.code
    return Judged(path.name, answer, took_ms, 0.0 if crashed else _peak_mb(before), crashed)


def _inspect(inspector: Inspector, path: Path) -> Inspected | Refusal:
    """Asks as a picture, and what is none of those as a clip."""
    found = inspector.inspect(path, "document_front")
    if isinstance(found, Refusal) and found.code == "unsupported_media":
        return inspector.inspect(path, "face_video")
    return found


def _peak_mb(pid: int) -> float:
    """Reads the peak of a process's memory since it was last cleared (proc(5), VmHWM in KiB)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def _each(judged: Sequence[Judged]) -> tuple[Figure, ...]:
    return tuple(
        Figure(j.name, j.took_ms, "ms", 1, note=f"{j.answer}, peak {j.peak_mb:.0f} MB") for j in judged
    )


def _all(judged: Sequence[Judged]) -> tuple[Figure, ...]:
    n = len(judged)
    answers = Counter(j.answer for j in judged)
    return (
        share("accepted", answers.pop("accepted", 0), n),
        *(count(f"refused: {code}", seen, n) for code, seen in sorted(answers.items())),
        count("crashes", sum(j.crashed for j in judged), n),
        median("time", [j.took_ms for j in judged], unit="ms"),
        Figure("longest time", max((j.took_ms for j in judged), default=None), "ms", n),
        Figure("peak memory", max((j.peak_mb for j in judged), default=None), "MB", n),
    )
