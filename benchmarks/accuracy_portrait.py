"""Kind `portrait`: is the document's portrait the face of the selfie? Columns `document, selfie, same`."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from benchmarks.accuracy_faces import Look, look_at, picture
from benchmarks.accuracy_pages import page_of
from benchmarks.accuracy_pairs import Pair, pair_figures
from benchmarks.accuracy_report import Figures, read_manifest
from verification.vision.faces import distance_l2, embed, warm_up
from verification.vision.portrait import find_portrait

__all__ = ["run"]


def run(manifest: Path) -> Figures:
    """Compares each document's main portrait with its selfie.

    Raises:
        ManifestError: The manifest or a picture it names cannot be read.
    """
    rows = read_manifest(manifest, columns=("document", "selfie", "same"))
    warm_up()
    return Figures("portrait", pair_figures([_pair(manifest.parent, row) for row in rows]))


def _pair(folder: Path, row: dict[str, str]) -> Pair:
    document, selfie = _portrait(folder / row["document"]), look_at(picture(folder / row["selfie"]))
    cpu_ms, group = document.cpu_ms + selfie.cpu_ms, row.get("group", "")
    if document.embedding is None or selfie.embedding is None:
        return Pair(row["same"] == "1", group, None, cpu_ms)
    return Pair(row["same"] == "1", group, distance_l2(document.embedding, selfie.embedding), cpu_ms)


def _portrait(path: Path) -> Look:
    """Looks at the main portrait of the page; where none is found, at the widest face of the picture."""
    rgb = picture(path)
    start_s = time.process_time()
    page = page_of(rgb)
    portrait = find_portrait(page.bgr, page.document_type)
    cpu_ms = (time.process_time() - start_s) * 1000
    if portrait.main is None:
        whole = look_at(rgb)
        return replace(whole, cpu_ms=whole.cpu_ms + cpu_ms)
    embedding = embed(page.rgb, portrait.main)
    return Look(embedding, portrait.faces_count, (time.process_time() - start_s) * 1000)
