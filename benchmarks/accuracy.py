"""Measures accuracy on any data with truth: `python -m benchmarks.accuracy KIND --manifest M.csv`.

Each kind is one module with `def run(manifest: Path) -> Figures` (types: `benchmarks/accuracy_report.py`),
named in the table below and imported only when asked for. Manifest columns and figures: API.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from benchmarks.accuracy_report import Figures, ManifestError, render

__all__ = ["KINDS", "main", "measure"]

KINDS = {
    "faces": "benchmarks.accuracy_faces",
    "portrait": "benchmarks.accuracy_portrait",
    "tamper": "benchmarks.accuracy_tamper",
    "mrz": "benchmarks.accuracy_mrz",
    "fields": "benchmarks.accuracy_fields",
    "barcode": "benchmarks.accuracy_barcode",
    "liveness": "benchmarks.accuracy_liveness",
    "uploads": "benchmarks.accuracy_uploads",
}
"""Kind of manifest -> the module that measures it."""


class _Kind(Protocol):
    """A kind's module."""

    def run(self, manifest: Path) -> Figures: ...


def measure(kind: str, manifest: Path) -> Figures:
    """Measures one manifest of one kind.

    Raises:
        KeyError: There is no such kind.
        ManifestError: The manifest cannot be used.
    """
    return cast("_Kind", import_module(KINDS[kind])).run(manifest)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the figures of one manifest; returns 0, or 2 when the manifest cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("--manifest", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    try:
        print(render(measure(chosen.kind, chosen.manifest)))
    except ManifestError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
