"""Kind `tamper`: are changed documents told from genuine ones? Columns `image, genuine`, perhaps `kind`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.accuracy_faces import picture
from benchmarks.accuracy_pages import CutPage, page_of
from benchmarks.accuracy_report import Figure, Figures, median, read_manifest, share
from benchmarks.accuracy_scores import area_under_curve
from verification.vision.faces import warm_up
from verification.vision.grades import Cue
from verification.vision.portrait import embed_portrait, find_portrait
from verification.vision.tamper import judge
from verification.vision.tamper_bands import GHOST_MATCH

__all__ = ["run", "suspicion"]


@dataclass(frozen=True, slots=True)
class _Judged:
    genuine: bool
    kind: str
    suspicion: float
    alarm: bool
    page_found: bool
    cpu_ms: float


def run(manifest: Path) -> Figures:
    """Judges each picture of a manifest; one without a page is not judged, but counted.

    Raises:
        ManifestError: The manifest or a picture it names cannot be read.
    """
    rows = read_manifest(manifest, columns=("image", "genuine"))
    warm_up()
    judged = [_judged(manifest.parent / row["image"], row) for row in rows]
    return Figures("tamper", _figures(judged))


def suspicion(cues: Sequence[Cue]) -> float:
    """Condenses the cues to one number for a curve: the worst score over its bar, 1 at the shipped bars."""
    return max((_over_bar(cue) for cue in cues), default=0.0)


def _over_bar(cue: Cue) -> float:
    if cue.score is None:
        return 0.0
    match cue.name:
        case "ghost_match":
            return cue.score / GHOST_MATCH.caution
        case "text_edit":
            return 1 / max(cue.score, 1e-3)
        case "portrait_edges" | "print" | "screen":
            return cue.score
        case _:
            return 0.0


def _judged(path: Path, row: dict[str, str]) -> _Judged:
    rgb = picture(path)
    start_s = time.process_time()
    page = page_of(rgb)
    cues = _cues(page) if page.found else ()
    return _Judged(
        genuine=row["genuine"] == "1",
        kind=row.get("kind", "") or "changed",
        suspicion=suspicion(cues),
        alarm=any(cue.status in {"suspected", "rejected"} for cue in cues),
        page_found=page.found,
        cpu_ms=(time.process_time() - start_s) * 1000,
    )


def _cues(page: CutPage) -> tuple[Cue, ...]:
    portrait = find_portrait(page.bgr, page.document_type)
    embeddings = embed_portrait(page.bgr, portrait)
    return judge(page.bgr, portrait, document_type=page.document_type, embeddings=embeddings)


def _figures(judged: Sequence[_Judged]) -> tuple[Figure, ...]:
    genuine = [one for one in judged if one.genuine]
    kinds = sorted({one.kind for one in judged if not one.genuine})
    return (
        share("false alarms", sum(one.alarm for one in genuine), len(genuine)),
        *(figure for kind in kinds for figure in _of_kind(kind, genuine, judged)),
        share("pictures without a page found", sum(not one.page_found for one in judged), len(judged)),
        median("CPU time a picture", [one.cpu_ms for one in judged], unit="ms"),
    )


def _of_kind(kind: str, genuine: Sequence[_Judged], judged: Sequence[_Judged]) -> tuple[Figure, Figure]:
    attacks = [one for one in judged if not one.genuine and one.kind == kind]
    changed, untouched = [one.suspicion for one in attacks], [one.suspicion for one in genuine]
    caught = share(f"caught ({kind})", sum(one.alarm for one in attacks), len(attacks))
    return area_under_curve(f"AUC ({kind})", changed, untouched), caught
