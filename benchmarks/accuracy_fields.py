"""Kind `fields`: are the printed fields read exactly, and none invented? Columns `image, fields` (JSON)."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.accuracy_report import Figure, Figures, ManifestError, median, read_manifest, share
from verification.vision import licence, mrz_reader, text
from verification.vision.classify import classify, straight_page
from verification.vision.fields import Field
from verification.vision.images import Bgr, Unreadable, decode

__all__ = ["FieldsRead", "field_figures", "read_fields", "run"]


@dataclass(frozen=True, slots=True)
class FieldsRead:
    """One picture's true fields and those read, by name; this process's CPU time from pixels to fields."""

    truth: Mapping[str, str]
    read: Mapping[str, str]
    cpu_ms: float


def run(manifest: Path) -> Figures:
    """Reads the fields of every picture of a manifest as the product does.

    Raises:
        ManifestError: The manifest, its JSON or a picture it names cannot be read.
    """
    rows = read_manifest(manifest, columns=("image", "fields"))
    text.warm_up()
    mrz_reader.warm_up()
    return Figures(
        "fields", field_figures([_look(manifest.parent / row["image"], row["fields"]) for row in rows])
    )


def read_fields(bgr: Bgr) -> tuple[Field, ...]:
    """Classifies a picture and reads the fields of its class: a UK licence's print, else a zone's values."""
    seen = classify(bgr)
    page = straight_page(bgr, seen)
    if page is None:
        return ()
    if seen.document_type == "uk_driving_licence":
        return licence.read_licence(page).fields
    zone = mrz_reader.read(page)
    return zone.fields if zone is not None and zone.check_digits_ok else ()


def field_figures(pictures: Sequence[FieldsRead]) -> tuple[Figure, ...]:
    """Makes the figures: exact matches by field, all fields of a picture, invented values, time."""
    names = sorted({name for picture in pictures for name in picture.truth})
    told = sum(len(picture.read) for picture in pictures)
    invented = sum(
        picture.truth.get(name) != value for picture in pictures for name, value in picture.read.items()
    )
    return (
        *(_exact(name, pictures) for name in names),
        share("all fields exact", sum(_all_exact(picture) for picture in pictures), len(pictures)),
        share("invented or wrong, of the values told", invented, told),
        median("CPU time a picture", [picture.cpu_ms for picture in pictures], unit="ms"),
    )


def _exact(name: str, pictures: Sequence[FieldsRead]) -> Figure:
    with_it = [picture for picture in pictures if name in picture.truth]
    return share(f"{name} exact", sum(p.read.get(name) == p.truth[name] for p in with_it), len(with_it))


def _all_exact(picture: FieldsRead) -> bool:
    return all(picture.read.get(name) == value for name, value in picture.truth.items())


def _look(path: Path, truth: str) -> FieldsRead:
    try:
        bgr, expected = decode(path.read_bytes()), json.loads(truth)
    except (OSError, Unreadable, ValueError) as error:
        raise ManifestError(
            f"{path}: its picture or its JSON cannot be read; correct the manifest"
        ) from error
    start_s = time.process_time()
    fields = read_fields(bgr)
    cpu_ms = (time.process_time() - start_s) * 1000
    return FieldsRead(expected, {field.name: field.value for field in fields}, cpu_ms)
