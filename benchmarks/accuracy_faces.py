"""Kind `faces`: do two photographs show one person or two? Columns `a, b, same`, perhaps `group`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import cv2

from benchmarks.accuracy_pairs import Pair, pair_figures
from benchmarks.accuracy_report import Figure, Figures, ManifestError, read_manifest, share
from verification.vision.faces import Embedding, Picture, distance_l2, embed, find_faces, warm_up

__all__ = ["Look", "look_at", "picture", "run"]

_LEAST_FACE_PX = 60
"""Photographs of a manifest are often small: faces down to this width are looked for."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one photograph gave: its widest face's embedding (None: no face), faces seen, CPU time in ms."""

    embedding: Embedding | None
    faces: int
    cpu_ms: float


def run(manifest: Path) -> Figures:
    """Compares the pairs of a manifest; each photograph is looked at once.

    Raises:
        ManifestError: The manifest or a picture it names cannot be read.
    """
    rows = read_manifest(manifest, columns=("a", "b", "same"))
    warm_up()
    looks = {name: look_at(picture(manifest.parent / name)) for name in _names(rows)}
    pairs = [_pair(looks[row["a"]], looks[row["b"]], row) for row in rows]
    return Figures("faces", (*pair_figures(pairs), *_found(list(looks.values()))))


def picture(path: Path) -> Picture:
    """Reads a photograph as RGB.

    Raises:
        ManifestError: It is missing or no picture.
    """
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise ManifestError(f"{path}: no picture can be read there; correct the manifest")
    return cast("Picture", cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))


def look_at(rgb: Picture) -> Look:
    """Finds the widest face and embeds it, measuring this process's CPU time."""
    start_s = time.process_time()
    faces = find_faces(rgb, min_width_px=_LEAST_FACE_PX)
    embedding = embed(rgb, faces[0]) if faces else None
    return Look(embedding, len(faces), (time.process_time() - start_s) * 1000)


def _names(rows: Sequence[dict[str, str]]) -> list[str]:
    return sorted({row[side] for row in rows for side in ("a", "b")})


def _pair(a: Look, b: Look, row: dict[str, str]) -> Pair:
    found = a.embedding is not None and b.embedding is not None
    distance = distance_l2(cast("Embedding", a.embedding), cast("Embedding", b.embedding)) if found else None
    return Pair(row["same"] == "1", row.get("group", ""), distance, a.cpu_ms + b.cpu_ms)


def _found(looks: Sequence[Look]) -> tuple[Figure, ...]:
    return (
        share("pictures without a face found", sum(look.faces == 0 for look in looks), len(looks)),
        share("pictures with two or more faces", sum(look.faces > 1 for look in looks), len(looks)),
    )
